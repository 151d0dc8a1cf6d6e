"""Running a network: on which device, in which precision, on images normalised as its weights expect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from whence.errors import InputError, WorkFailed

EVALUATION_BATCH = 256


class Images(Protocol):
    """Images (N, H, W, 3), uint8: an array, or what reads them when asked."""

    def __len__(self) -> int:
        """How many images there are."""

    def __getitem__(self, which: slice, /) -> NDArray[np.uint8]:
        """A run of them."""


@dataclass(frozen=True)
class Device:
    """Where and in which precision a network runs."""

    kind: str  # "cpu" or "cuda"
    precision: str  # "float32" or "bfloat16"

    @classmethod
    def resolve(cls, kind: str, precision: str) -> Device:
        """Resolve `precision` "auto" for a device: bfloat16 where a GPU has it, float32 elsewhere."""
        if precision == "auto":
            fast = kind == "cuda" and torch.cuda.is_bf16_supported()
            precision = "bfloat16" if fast else "float32"
        return cls(kind, precision)

    def autocast(self) -> torch.autocast:
        """The context in which forward passes run."""
        return torch.autocast(self.kind, dtype=torch.bfloat16, enabled=self.precision == "bfloat16")


def check_device(kind: str) -> str:
    """Return "cpu" or "cuda" for what a user asked ("auto" takes a GPU if there is one); `InputError` otherwise."""
    if kind == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if kind not in ("cpu", "cuda"):
        raise InputError(f"device {kind!r} is not known; whence takes cpu, cuda or auto")
    if kind == "cuda" and not torch.cuda.is_available():
        raise InputError("device 'cuda' was asked for, but torch finds no GPU here; use --device cpu or auto")
    return kind


@dataclass(frozen=True)
class Normalisation:
    """Turn uint8 images (N, H, W, 3) into what a network expects: floats (N, 3, H, W), channel by channel."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        """Normalise a batch on the device it lies on; the values lie in memory as those of `pixels` do."""
        count, height, width, channels = pixels.shape
        # A whole row of the image at a time: the three values of one pixel would leave a processor's vectors empty.
        mean = torch.tensor(self.mean, device=pixels.device).mul(255).repeat(width)
        std = torch.tensor(self.std, device=pixels.device).mul(255).repeat(width)
        rows = pixels.reshape(count, height, width * channels).float().sub_(mean).div_(std)
        return rows.view(pixels.shape).permute(0, 3, 1, 2)


@torch.inference_mode()
def in_batches(
    run: Callable[[torch.Tensor], torch.Tensor],
    normalise: Normalisation,
    pixels: Images,
    device: Device,
    at_once: int = EVALUATION_BATCH,
) -> torch.Tensor:
    """What `run` returns for images (N, H, W, 3), `at_once` of them at a time, put together on the CPU."""
    found = []
    for start in range(0, len(pixels), at_once):
        batch = torch.from_numpy(np.array(pixels[start : start + at_once])).to(device.kind)
        with device.autocast():
            found.append(run(normalise(batch)).cpu())
    return torch.cat(found)


def predict(
    network: nn.Module,
    normalise: Normalisation,
    pixels: Images,
    device: Device,
    at_once: int = EVALUATION_BATCH,
) -> NDArray[np.float64]:
    """Probabilities (N, C) of each class for images (N, H, W, 3), the network in eval mode.

    Raises `WorkFailed` if the network's outputs are not finite.
    """
    network.eval()
    logits = in_batches(network, normalise, pixels, device, at_once)
    if not torch.isfinite(logits).all():
        raise WorkFailed(
            "the network's outputs are not finite numbers: its training diverged, or its weights hold NaN. "
            "Lower learning_rate, or check the weights"
        )
    return np.asarray(torch.softmax(logits.double(), dim=1).numpy())
