"""The loss as it goes, and what to say when it is no number any more."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from whence.errors import WorkFailed

NAMED = 8  # images that a message names


class LossWatch:
    """Adds up the losses of an epoch and the images told right, and stops the training at a loss that is not finite.

    Each is read when the next one comes, so that a GPU always has a step to work on.
    """

    def __init__(self, names: Sequence[str], learning_rate: float) -> None:
        """`names` are the content hashes of the training images, or nothing; `learning_rate` is the recipe's."""
        self.names, self.learning_rate = names, learning_rate
        self.start(1)

    def start(self, epoch: int, step: int = 0, total: float = 0.0, right: int = 0) -> None:
        """Begin an epoch, or go on after `step` steps that made `total` and told `right` images right."""
        self.epoch, self.step, self.sum, self.right = epoch, step, total, right
        self.waiting: tuple[torch.Tensor, torch.Tensor, torch.Tensor] | None = None

    def add(self, loss: torch.Tensor, right: torch.Tensor, rows: torch.Tensor) -> None:
        """Take a step's mean loss and right images among `rows`; `WorkFailed` if the loss before was no number."""
        self.total()
        self.step += 1
        self.waiting = (loss, right, rows)

    def total(self) -> float:
        """The sum of the losses of all images so far; raises `WorkFailed` if it is not finite."""
        if self.waiting is not None:
            (loss, right, rows), self.waiting = self.waiting, None
            self.sum += loss.item() * len(rows)
            self.right += int(right)
            if not math.isfinite(self.sum):
                raise WorkFailed(self._told(loss.item(), rows))
        return self.sum

    def _told(self, loss: float, rows: torch.Tensor) -> str:
        images = [self.names[int(i)][:12] for i in rows[:NAMED]] if self.names else []
        which = f" on the images {', '.join(images)}{' …' if len(rows) > NAMED else ''}" if images else ""
        return (
            f"the loss became {loss} in epoch {self.epoch}, step {self.step}{which}; the network would only hold NaN "
            f"from here on. Lower learning_rate (now {self.learning_rate:g}), set precision: float32 if it is "
            "bfloat16, or look at these images (hashes of their content)"
        )
