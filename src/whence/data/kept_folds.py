"""Folds, and their place on disk: cutting ten thousand groups takes seconds, and every job needs its fold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from whence.data.dataset import Dataset
from whence.data.kept import read_array, write_array
from whence.data.parts import Indices
from whence.paths import home

VERSION = 1  # raise it when the same dataset, folds and seed would be cut otherwise
TRAIN, VALIDATION, TEST = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Fold:
    """One division of a dataset: sorted int64 indices of its training, validation and test images."""

    number: int
    train: Indices
    validation: Indices
    test: Indices


def kept_or_cut(dataset: Dataset, how: str, cut: Callable[[], tuple[Fold, ...]]) -> tuple[Fold, ...]:
    """The folds of `dataset` that were cut before in the way named `how`, or those that `cut` makes now."""
    path = home() / "folds" / f"{dataset.fingerprint[:32]}-{how}-v{VERSION}.npy"
    stored = read_array(path)
    if stored is not None and stored.ndim == 2 and stored.shape[1] == len(dataset):
        return tuple(_unpacked(number, row) for number, row in enumerate(stored))
    folds = cut()
    roles = np.full((len(folds), len(dataset)), TRAIN, dtype=np.uint8)
    for row, fold in zip(roles, folds, strict=True):
        row[fold.validation], row[fold.test] = VALIDATION, TEST
    write_array(path, roles)
    return folds


def _unpacked(number: int, roles: np.ndarray) -> Fold:
    return Fold(number, *(np.flatnonzero(roles == role) for role in (TRAIN, VALIDATION, TEST)))
