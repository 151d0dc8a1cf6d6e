"""By how much one way of doing all transfers differs from another: two networks, two recipes, two sites."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from whence.stats.resampling import drawn_means, draws_of, interval, mean_over_folds


@dataclass(frozen=True, slots=True)
class Contrast:
    """A mean difference over all pairs, first less second, and the interval that other targets and folds give it."""

    mean: float
    low: float
    high: float
    pairs: int


def mean_contrast(
    first: ArrayLike, second: ArrayLike, *, level: float = 0.9, draws: int = 1000, seed: int = 0
) -> Contrast:
    """Mean over sources and targets of `first` − `second`, both (S, T, F), over the folds that both have.

    Differences are taken fold by fold, so what makes a fold easy drops out; the interval is a percentile bootstrap over
    targets and folds. NaN where nothing was measured in both. Raises `ValueError` for other shapes.
    """
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.ndim != 3 or one.shape != other.shape:
        raise ValueError(f"values of shapes {one.shape} and {other.shape}: (sources, targets, folds) both")
    gaps = one - other
    means = mean_over_folds(gaps)
    chosen, within = draws_of(gaps.shape[1], gaps.shape[2], draws, seed)
    drawn = drawn_means(gaps, chosen, within)
    low, high = interval(mean_over_folds(drawn.reshape(draws, -1)), level)
    return Contrast(float(mean_over_folds(means.ravel())), low, high, int((~np.isnan(means)).sum()))
