"""Which images a measure learns from and which it is judged on."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from whence.measures.inputs import Indices

Folds = Sequence[tuple[ArrayLike, ArrayLike]]  # row numbers to train on, row numbers to test on


def checked_folds(folds: Folds | None, y: Indices, *, seed: int = 0) -> list[tuple[Indices, Indices]]:
    """The folds given, or five stratified ones drawn with `seed`.

    Raises `ValueError` for row numbers that are not there, a fold that tests on what it trains on, or one that
    trains on a single class.
    """
    if folds is None:
        return list(stratified(y, seed))
    return [_checked(fold, number, y) for number, fold in enumerate(folds)]


def stratified(y: Indices, seed: int, splits: int = 5) -> Iterator[tuple[Indices, Indices]]:
    """So many stratified folds, fewer where a class is smaller, but two at least."""
    from sklearn.model_selection import StratifiedKFold

    fewest = int(np.bincount(y)[np.unique(y)].min())
    splits = min(splits, max(fewest, 2))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        yield from StratifiedKFold(splits, shuffle=True, random_state=seed).split(np.zeros(len(y)), y)


def _checked(fold: tuple[ArrayLike, ArrayLike], number: int, y: Indices) -> tuple[Indices, Indices]:
    train, test = (np.asarray(part) for part in fold)
    for part in (train, test):
        if part.ndim != 1 or not len(part) or part.dtype.kind not in "iu":
            raise ValueError(f"fold {number}: train and test must be non-empty lists of row numbers")
        if part.min() < 0 or part.max() >= len(y):
            raise ValueError(f"fold {number} names a row outside 0 to {len(y) - 1}")
    if np.intersect1d(train, test).size:
        raise ValueError(f"fold {number} tests on rows that it trains on")
    if len(np.unique(y[train])) < 2:
        raise ValueError(f"fold {number} trains on a single class")
    return train.astype(np.int64), test.astype(np.int64)
