"""What a property of the sources does to the outcome: the slope within targets, with an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from whence.stats.resampling import interval, mean_over_folds

Floats = NDArray[np.float64]
FEWEST = 3  # sources with the property known, and not all alike


@dataclass(frozen=True, slots=True)
class Effect:
    """Change of the outcome per unit of the property, its interval and permutation p-value; NaN if undetermined."""

    slope: float
    low: float
    high: float
    p: float
    sources: int
    targets: int


def effect(
    prop: ArrayLike, outcome: ArrayLike, *, level: float = 0.9, draws: int = 1000, seed: int = 0
) -> Effect:
    """Least squares slope of the outcome on a property of the sources, each target with a level of its own.

    `prop` (S,) is a number per source (a logarithm where steps are factors; 0 and 1 for one of two kinds, and the
    slope is then the difference between them); `outcome` (S, T, F), such as an AUC per fold; NaN is unknown. The
    interval is a percentile bootstrap over sources and over folds, since it is the sources that have the property:
    with a handful of them it is wide, and it should be. The p-value, two-sided, exchanges the property among
    the sources. Other properties that go along with this one are not held fixed. Raises `ValueError` for other shapes.
    """
    values, table = np.asarray(prop, dtype=np.float64), np.asarray(outcome, dtype=np.float64)
    if values.ndim != 1 or table.ndim != 3 or len(values) != len(table):
        raise ValueError(
            f"a property of shape {values.shape} and outcomes of shape {table.shape}: (S,), (S, T, F)"
        )
    nan = float("nan")
    known = ~np.isnan(values) & ~np.isnan(table).all(axis=(1, 2))
    values, table = values[known], table[known]
    if len(values) < FEWEST or values.min() == values.max():
        return Effect(nan, nan, nan, nan, len(values), 0)
    means = mean_over_folds(table)
    found = float(_slope(values[None, :, None], means[None])[0])
    random = np.random.default_rng(seed)
    drawn = random.integers(0, len(values), (draws, len(values)))
    folds = random.integers(0, table.shape[2], (draws, 1, table.shape[2]))
    resampled = mean_over_folds(np.take_along_axis(table[drawn], folds[:, :, None], axis=3))
    low, high = interval(_slope(values[drawn][:, :, None], resampled), level)
    orders = random.permuted(np.tile(values, (draws, 1)), axis=1)
    exchanged = _slope(orders[:, :, None], np.broadcast_to(means, (draws, *means.shape)))
    exchanged = exchanged[~np.isnan(exchanged)]
    p = (1 + (np.abs(exchanged) >= abs(found) * (1 - 1e-12)).sum()) / (1 + len(exchanged))
    counted = int((~np.isnan(means)).any(axis=0).sum())
    return Effect(found, low, high, float(p), len(values), counted)


def _slope(prop: Floats, outcome: Floats) -> Floats:
    """(B,) from (B, S, 1) and (B, S, T): both centred within each target over the sources measured there."""
    known = ~np.isnan(outcome)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    x = np.where(known, prop, 0.0)
    y = np.where(known, outcome, 0.0)
    x = np.where(known, x - x.sum(axis=1, keepdims=True) / count, 0.0)
    y = np.where(known, y - y.sum(axis=1, keepdims=True) / count, 0.0)
    spread = (x * x).sum(axis=(1, 2))
    varies = spread > 1e-12
    return np.where(varies, (x * y).sum(axis=(1, 2)) / np.where(varies, spread, 1.0), np.nan)
