"""Names of one dataset in different studies."""

import pytest

from whence.knowledge.names import plain_name


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("paper:dtd", "dtd"),
        ("paper:dtd[n=1000]", "dtd[n=1000]"),
        ("medmnist:breast", "breastmnist"),
        ("medmnist:breastmnist", "breastmnist"),
        ("medmnist:breast@224", "breastmnist"),
        ("medmnist:chest@64[label=effusion]", "chestmnist[label=effusion]"),
        ("medmnist:adrenal3d@64", "adrenalmnist3d"),
        ("medmnist:adrenalmnist3d", "adrenalmnist3d"),
        ("imagenet", "imagenet"),
        ("hf:lab/skin", "hf:lab/skin"),
    ],
)
def test_one_dataset_has_one_plain_name(name: str, plain: str) -> None:
    assert plain_name(name) == plain
