"""Draws of targets and folds: what an interval of a study resamples, so that it tells of other targets and folds.

Sources share the folds of a target, so all of them are drawn together. A study with one target has only folds to draw.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
_AT_A_TIME = 1_000_000  # numbers in one piece of work


def draws_of(targets: int, folds: int, draws: int, seed: int) -> tuple[Indices, Indices]:
    """Targets (B, T) drawn with replacement and, for each of them, folds (B, T, F) drawn with replacement.

    With one target that one is always taken.
    """
    random = np.random.default_rng(seed)
    return random.integers(0, targets, (draws, targets)), random.integers(0, folds, (draws, targets, folds))


def drawn_means(values: Floats, targets: Indices, folds: Indices) -> Floats:
    """Means over the drawn folds of `values` (S, T, F) for the drawn targets: shape (B, S, T).

    A fold that was not measured (NaN) is left out of its mean; a mean of nothing is NaN.
    """
    picked = values[:, targets[:, :, None], folds]  # (S, B, T, F)
    return np.moveaxis(mean_over_folds(picked), 0, 1)


def mean_over_folds(values: Floats) -> Floats:
    """The mean over the last axis of what was measured, NaN where nothing was."""
    known = ~np.isnan(values)
    count = known.sum(-1)
    return np.where(count > 0, np.where(known, values, 0.0).sum(-1) / np.maximum(count, 1), np.nan)


def pieces(draws: int, size: int) -> Iterator[slice]:
    """Slices of the draws, each small enough to hold `size` numbers per draw in memory."""
    step = max(1, _AT_A_TIME // max(size, 1))
    for start in range(0, draws, step):
        yield slice(start, min(start + step, draws))


def interval(values: Floats, level: float) -> tuple[float, float]:
    """The percentile interval of what could be computed; NaN where that is less than half of the draws."""
    if not 0 < level < 1:
        raise ValueError(f"level {level} is not between 0 and 1")
    known = values[~np.isnan(values)]
    if len(known) < 0.5 * len(values) or not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
