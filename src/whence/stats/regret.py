"""What it costs to pick a source by a measure, and by the two rules that never look at the target.

`promise` (S, T) is oriented so that higher promises more, `auc` (S, T) is what came of it, or (S, T, F) fold by fold.
NaN is what was not measured.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from whence.stats.resampling import drawn_means, draws_of, interval, mean_over_folds

Floats = NDArray[np.float64]
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Regret:
    """Mean AUC lost by the pick, with the interval that other targets and folds give it."""

    mean: float
    low: float
    high: float
    targets: int


def regret(promise: ArrayLike, auc: ArrayLike) -> Floats:
    """AUC lost on each target (T,) by taking the source that promises most, against the best source there; ≥ 0.

    Of sources that promise the same, each is as likely to be taken: the loss is their mean. A source without a
    promise is not taken. NaN where no source of a target has both a promise and an AUC.
    """
    promised, reached = np.asarray(promise, dtype=np.float64), np.asarray(auc, dtype=np.float64)
    if promised.ndim != 2 or promised.shape != reached.shape:
        raise ValueError(f"promises of shape {promised.shape} and AUCs of shape {reached.shape}: (S, T) both")
    losses: Floats = _loss(promised[None], reached[None])[0]
    return losses


def mean_regret(
    promise: ArrayLike, auc: ArrayLike, *, level: float = 0.9, draws: int = 1000, seed: int = 0
) -> Regret:
    """Mean over targets of `regret`, with `auc` (S, T, F), and its percentile bootstrap over targets and folds.

    The promises stay as they are: the interval tells how the same picks would fare on other targets and folds.
    """
    promised, folds = np.asarray(promise, dtype=np.float64), np.asarray(auc, dtype=np.float64)
    if folds.ndim != 3 or promised.shape != folds.shape[:2]:
        raise ValueError(f"promises of shape {promised.shape} and AUCs of shape {folds.shape}: (S, T, F)")
    losses = regret(promised, mean_over_folds(folds))
    chosen, within = draws_of(folds.shape[1], folds.shape[2], draws, seed)
    drawn = _loss(np.moveaxis(promised[:, chosen], 0, 1), drawn_means(folds, chosen, within))
    low, high = interval(mean_over_folds(drawn), level)
    return Regret(float(mean_over_folds(losses)), low, high, int((~np.isnan(losses)).sum()))


def mean_rank_elsewhere(auc: ArrayLike) -> Floats:
    """The first static baseline (S, T): minus the mean rank (1 = best, as a share) of a source on the *other* targets.

    A rank is divided by the number of sources on its target, so that targets with few of them weigh alike. NaN for a
    source that was measured nowhere else.
    """
    from scipy.stats import rankdata

    reached = np.asarray(auc, dtype=np.float64)
    known = ~np.isnan(reached)
    ranks = rankdata(np.where(known, -reached, np.inf), axis=0) / np.maximum(known.sum(axis=0), 1)
    ranks = np.where(known, ranks, np.nan)
    targets = range(reached.shape[1])
    means = [mean_over_folds(np.delete(ranks, target, axis=1)) for target in targets]
    return -np.stack(means, axis=1) if means else ranks


def winner_elsewhere(auc: ArrayLike) -> Floats:
    """The second (S, T): 1 for the source that won most often on the *other* targets, NaN for the rest.

    Of several, the one with the best mean rank there; if that is equal too, each of them.
    """
    reached = np.asarray(auc, dtype=np.float64)
    ranks = mean_rank_elsewhere(reached)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a target without any source has no winner
        wins = (reached == np.nanmax(reached, axis=0)).astype(np.float64)
    found = np.full(reached.shape, np.nan)
    for target in range(reached.shape[1]):
        here = ~np.isnan(reached[:, target]) & ~np.isnan(ranks[:, target])
        if here.any():
            score = np.where(here, wins.sum(axis=1) - wins[:, target] + ranks[:, target] / 2, -np.inf)
            found[score >= score.max() - _ROUNDING, target] = 1.0
    return found


def _loss(promise: Floats, auc: Floats) -> Floats:
    """(B, T) from (B, S, T)."""
    usable = ~np.isnan(promise) & ~np.isnan(auc)
    most = np.where(usable, promise, -np.inf).max(axis=1, keepdims=True)
    picked = usable & (promise >= most - _ROUNDING * np.abs(most))
    best = np.where(np.isnan(auc), -np.inf, auc).max(axis=1)
    count = picked.sum(axis=1)
    reached = np.where(picked, auc, 0.0).sum(axis=1) / np.maximum(count, 1)
    return np.where(count > 0, best - reached, np.nan)
