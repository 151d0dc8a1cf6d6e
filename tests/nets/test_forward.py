"""Images as a network expects them, to the bit what the plain formula gives; where and in which precision it runs."""

import pytest
import torch

from whence.errors import InputError
from whence.nets.forward import Device, Normalisation, check_device
from whence.records import IMAGENET_MEAN, IMAGENET_STD


def test_normalisation_is_the_plain_formula_to_the_bit_and_in_its_layout() -> None:
    random = torch.Generator().manual_seed(0)
    for shape in ((2, 17, 33, 3), (1, 64, 64, 3), (0, 8, 8, 3)):
        pixels = torch.randint(0, 256, shape, dtype=torch.uint8, generator=random)
        mean = torch.tensor(IMAGENET_MEAN).mul(255).view(1, -1, 1, 1)
        std = torch.tensor(IMAGENET_STD).mul(255).view(1, -1, 1, 1)
        plain = (pixels.permute(0, 3, 1, 2).float() - mean) / std
        found = Normalisation(IMAGENET_MEAN, IMAGENET_STD)(pixels)
        assert torch.equal(found, plain)
        assert found.stride() == plain.stride()


@pytest.mark.parametrize(
    ("kind", "has_it", "precision"),
    [("cuda", True, "bfloat16"), ("cuda", False, "float32"), ("cpu", True, "float32")],
)
def test_auto_is_bfloat16_on_a_gpu_that_has_it(
    kind: str, has_it: bool, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is decided, not what a GPU then does: that needs one."""
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: has_it)
    assert Device.resolve(kind, "auto").precision == precision
    assert Device.resolve(kind, "float32").precision == "float32"


def test_auto_takes_a_gpu_that_is_there_and_a_missing_one_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [check_device(kind) for kind in ("auto", "cuda", "cpu")] == ["cuda", "cuda", "cpu"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert check_device("auto") == "cpu"
    with pytest.raises(InputError, match="torch finds no GPU here; use --device cpu"):
        check_device("cuda")
