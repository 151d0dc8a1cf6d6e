"""The dataset itself: canonical order, fingerprint, subset, and what must not be loaded."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from whence.data import ArrayStore, Dataset
from whence.records import Card

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 255, (12, 3, 3), dtype=np.uint8)
LABELS = np.arange(12) % 3
GROUPS = np.array([f"p{i // 2}" for i in range(12)])


def made(order: np.ndarray | None = None, **changed: object) -> Dataset:
    """The same twelve pictures in any order."""
    order = np.arange(12) if order is None else order
    parts: dict[str, object] = {
        "name": "d",
        "class_names": ("a", "b", "c"),
        "labels": LABELS[order],
        "images": ArrayStore(PIXELS[order]),
        "card": Card("d"),
        "groups": GROUPS[order],
    }
    return Dataset(**(parts | changed))  # type: ignore[arg-type]


def test_order_of_arrival_does_not_matter() -> None:
    one, other = made(), made(RANDOM.permutation(12), name="other")
    assert one.fingerprint == other.fingerprint
    assert one.digests == other.digests == tuple(sorted(one.digests))
    assert np.array_equal(one.labels, other.labels)
    for i in range(12):
        assert np.array_equal(np.asarray(one.images.open(i)), np.asarray(other.images.open(i)))
        assert one.images.digest(i) == one.digests[i]


def test_the_fingerprint_sees_labels_groups_splits_and_names() -> None:
    changed = [
        made(labels=(LABELS + 1) % 3),
        made(groups=None),
        made(splits=np.array(["train"] * 6 + ["test"] * 6)),
        made(class_names=("a", "b", "z")),
        made().subset(range(11)),
    ]
    assert len({dataset.fingerprint for dataset in [made(), *changed]}) == 6


def test_subset_and_pickle() -> None:
    dataset = made()
    part = dataset.subset([7, 2, 5])
    assert part.digests == tuple(dataset.digests[i] for i in (2, 5, 7))
    assert np.array_equal(np.asarray(part.images.open(0)), np.asarray(dataset.images.open(2)))
    assert part.subset([1]).digests == (dataset.digests[5],)
    assert sum(part.class_counts().values()) == 3
    assert pickle.loads(pickle.dumps(part)).fingerprint == part.fingerprint  # noqa: S301
    for indices in ([1, 1], []):
        with pytest.raises(ValueError, match=r"indices|not"):
            dataset.subset(indices)


def test_its_repr_is_short() -> None:
    assert repr(made()) == "Dataset('d', 12 images, 3 classes)"


def test_arrays_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        made().labels[0] = 2


@pytest.mark.parametrize(
    "changed",
    [
        {"labels": LABELS[:5]},
        {"labels": LABELS + 1},
        {"class_names": ("a", "b", "b")},
        {"splits": np.array(["train"] * 11 + ["later"])},
        {"digests": ("0",)},
    ],
)
def test_parts_that_do_not_fit(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="d: "):
        made(**changed)


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, whence.data; print(sorted({'torch', 'sklearn', 'scipy', 'pandas'} & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )
