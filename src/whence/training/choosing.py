"""Which epoch's network is kept, and when a training has waited long enough: read off the validation AUCs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Epoch:
    """What was measured after one epoch. Nothing is ever chosen by the test AUC."""

    number: int
    loss: float
    validation_auc: float
    test_auc: float
    train_accuracy: float = math.nan
    validation_accuracy: float = math.nan


def kept_epoch(epochs: Sequence[Epoch], keep: Literal["last", "best"]) -> int:
    """The number of the epoch whose network is kept: the last, or the one with the highest validation AUC.

    Of equally good epochs the latest is kept: small validation sets often reach AUC 1 early. An epoch whose AUC is
    not defined (one class only) is worse than any other.
    """
    if keep == "last":
        return epochs[-1].number
    return max(epochs, key=lambda epoch: (_value(epoch), epoch.number)).number


def out_of_patience(epochs: Sequence[Epoch], patience: int | None) -> bool:
    """Whether the last `patience` epochs brought no validation AUC above the best one before them."""
    if patience is None or len(epochs) <= patience:
        return False
    before, since = epochs[:-patience], epochs[-patience:]
    return max(map(_value, since)) <= max(map(_value, before))


def _value(epoch: Epoch) -> float:
    return -1.0 if math.isnan(epoch.validation_auc) else epoch.validation_auc
