"""How far a measure agrees with what transfer brought, over all pairs of a study or target by target.

The arrays of a study: `measure` (S, T), a number for each source and target, oriented so that higher promises more
(a distance is negated); `gains` (S, T, F), what the source brought on each fold. NaN is what was not measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from whence.stats.correlation import CORRELATIONS, Correlation
from whence.stats.resampling import drawn_means, draws_of, interval, mean_over_folds, pieces

Floats = NDArray[np.float64]
FEWEST = 3  # sources on a target for an order to mean anything


@dataclass(frozen=True, slots=True)
class Agreement:
    """A correlation with its interval and its permutation p-value; NaN where there is too little to tell."""

    statistic: str
    value: float
    low: float
    high: float
    p: float
    pairs: int
    targets: int


def agreement(
    measure: ArrayLike,
    gains: ArrayLike,
    statistic: str = "spearman",
    *,
    per_target: bool = False,
    level: float = 0.9,
    draws: int = 1000,
    seed: int = 0,
) -> Agreement:
    """Correlation of a measure with the mean gain over folds, in [−1, 1]; 1 is a measure that never errs.

    Pooled, all pairs stand in one cloud, as in the paper; targets that differ in level then mix into it. `per_target`
    gives the mean over targets of each one's own correlation, which Simpson's paradox cannot reach; targets with
    fewer than three sources do not count. The interval is a percentile bootstrap over targets and over the folds
    within them. The p-value, two-sided, exchanges the sources' names, the same exchange on every target (as Mantel's
    test does), since one source's values on several targets are no independent evidence; pairs without a value
    after an exchange are left out of it. Raises `ValueError` for other shapes or an unknown statistic.
    """
    values, outcome = _shapes(measure, gains)
    if statistic not in CORRELATIONS:
        raise ValueError(f"unknown statistic {statistic!r}; known: {', '.join(CORRELATIONS)}")
    correlate = CORRELATIONS[statistic]
    means = mean_over_folds(outcome)
    counted = ~np.isnan(values) & ~np.isnan(means)
    if per_target:
        counted &= counted.sum(axis=0) >= FEWEST
        values = np.where(counted, values, np.nan)
    found = float(_value(correlate, values[None], means[None], per_target)[0])
    low, high = interval(_bootstrap(correlate, values, outcome, per_target, draws, seed), level)
    permuted = _permuted(correlate, values, means, per_target, draws, seed)
    return Agreement(
        statistic,
        found,
        low,
        high,
        _p_value(found, permuted),
        int(counted.sum()),
        int(counted.any(axis=0).sum()),
    )


def _value(correlate: Correlation, measure: Floats, means: Floats, per_target: bool) -> Floats:
    """One value per draw, from (B, S, T)."""
    if not per_target:
        flat = (len(measure), -1)
        return correlate(measure.reshape(flat), means.reshape(flat))
    each = correlate(np.moveaxis(measure, 1, 2), np.moveaxis(means, 1, 2))
    return mean_over_folds(each)


def _bootstrap(
    correlate: Correlation, measure: Floats, gains: Floats, per_target: bool, draws: int, seed: int
) -> Floats:
    sources, targets, folds = gains.shape
    chosen, within = draws_of(targets, folds, draws, seed)
    size = sources * targets * (sources if per_target else sources * targets)
    return np.concatenate(
        [
            _value(
                correlate,
                np.moveaxis(measure[:, chosen[piece]], 0, 1),
                drawn_means(gains, chosen[piece], within[piece]),
                per_target,
            )
            for piece in pieces(draws, size)
        ]
    )


def _permuted(
    correlate: Correlation, measure: Floats, means: Floats, per_target: bool, draws: int, seed: int
) -> Floats:
    sources, targets = measure.shape
    random = np.random.default_rng(seed)
    orders = random.permuted(np.tile(np.arange(sources), (draws, 1)), axis=1)
    size = sources * targets * (sources if per_target else sources * targets)
    return np.concatenate(
        [
            _value(
                correlate,
                measure[orders[piece]],
                np.broadcast_to(means, (len(orders[piece]), *means.shape)),
                per_target,
            )
            for piece in pieces(draws, size)
        ]
    )


def _p_value(found: float, permuted: Floats) -> float:
    known = permuted[~np.isnan(permuted)]
    if np.isnan(found) or not len(known):
        return float("nan")
    return float((1 + (np.abs(known) >= abs(found) - 1e-12).sum()) / (1 + len(known)))


def _shapes(measure: ArrayLike, gains: ArrayLike) -> tuple[Floats, Floats]:
    values, outcome = np.asarray(measure, dtype=np.float64), np.asarray(gains, dtype=np.float64)
    if values.ndim != 2 or outcome.ndim != 3 or values.shape != outcome.shape[:2] or not outcome.size:
        raise ValueError(
            f"a measure of shape {values.shape} and gains of shape {outcome.shape}: "
            "(sources, targets) and (sources, targets, folds) are needed"
        )
    return values, outcome
