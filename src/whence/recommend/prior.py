"""What experience lets one expect of a source on a target never seen: a mean and how far off it may be.

The model, on the scale of z (logit AUC standardised within a target): z = source's own effect + what is
particular to this pair; the effect has variance `between`, the particular `within`. A source's effect is estimated
from its ranks, put on that scale: where all sources were tried on the same targets the order is that of the mean
rank, which no other order has beaten. What is particular is how far z lies from the effect. A source tried on many
targets is expected near its mean there, one tried on few is drawn towards the middle, and a new one is in the
middle with the widest interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Effect:
    """What is believed of a source's own effect: mean and variance in units of z, from `targets` targets."""

    mean: float
    variance: float
    targets: int


@dataclass(frozen=True, slots=True)
class Prior:
    """Belief before anything is seen on the target.

    `effects` by source; a source that is not there has `unknown`. `within` is the variance particular to a
    pair. `log_spread`, `log_spread_sd`: mean and standard deviation over `tables` targets of the logarithm of the
    spread of logit AUC among sources; what a new target's is follows Student's t (`log_spread_density`).
    """

    effects: Mapping[str, Effect]
    unknown: Effect
    within: float
    log_spread: float
    log_spread_sd: float
    tables: int = 2

    def log_spread_density(self, log_spread: Floats) -> Floats:
        """Log density, up to a constant, of a new target's log spread, given those of so few others."""
        freedom = self.tables - 1
        scale = self.log_spread_sd * np.sqrt(1 + 1 / self.tables)
        density: Floats = (
            -(freedom + 1) / 2 * np.log1p(((log_spread - self.log_spread) / scale) ** 2 / freedom)
        )
        return density


# Where fewer than three sources overlap on two targets nothing can be estimated. z has variance 1 by
# construction; half of it to either part is indifference. The spread: sources differ by a third in logit.
INDIFFERENT = Prior({}, Effect(0.0, 0.5, 0), 0.5, float(np.log(0.3)), 1.0)
LEAST = 0.05  # variances in units of z do not go below this, however well few sources agree


def learn_prior(standing: pd.DataFrame) -> Prior:
    """Estimate the prior from `standings`, which must not contain the target to be predicted.

    Method of moments for one-way random effects with unequal counts (Searle, Casella, McCulloch, *Variance
    Components*, 1992, section 3.6); the effects are the best linear predictors. Pairs measured in several
    tables count once, by their mean.
    """
    usable = standing[standing["z"].notna()]
    spreads = np.log(usable.drop_duplicates("table")["spread"].to_numpy())
    log_spread, log_sd, tables = INDIFFERENT.log_spread, INDIFFERENT.log_spread_sd, INDIFFERENT.tables
    if len(spreads) >= 3:
        log_spread, log_sd, tables = float(spreads.mean()), float(max(spreads.std(ddof=1), 0.2)), len(spreads)
    places, pairs = pair_matrix(usable, "place"), pair_matrix(usable, "z")
    mean, variance, counts, between, _ = source_effects(places.to_numpy(dtype=np.float64))
    effects = {
        str(source): Effect(float(mean[i]), float(variance[i]), int(counts[i]))
        for i, source in enumerate(places.index)
    }
    within = _particular(pairs.to_numpy(dtype=np.float64), places.to_numpy(dtype=np.float64))
    return Prior(effects, Effect(0.0, between, 0), within, log_spread, log_sd, tables)


def pair_matrix(standing: pd.DataFrame, column: str) -> pd.DataFrame:
    """`column` of every source (rows) on every target (columns), the mean over tables; NaN where not tried."""
    known = standing[standing[column].notna()]
    sources, row = np.unique(known["source"].to_numpy(dtype=str), return_inverse=True)
    targets, place = np.unique(known["target"].to_numpy(dtype=str), return_inverse=True)
    total, count = np.zeros((2, len(sources), len(targets)))
    np.add.at(total, (row, place), known[column].to_numpy())
    np.add.at(count, (row, place), 1)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return pd.DataFrame(mean, index=sources, columns=targets)


def source_effects(pairs: Floats) -> tuple[Floats, Floats, Floats, float, float]:
    """Effects from places (S, T), NaN where not tried: means (S,), variances (S,), counts (S,), and both variances.

    A source without any pair has mean 0, count 0 and the variance between sources.
    """
    known = ~np.isnan(pairs)
    filled, counts = np.where(known, pairs, 0.0), known.sum(axis=1).astype(np.float64)
    means = filled.sum(axis=1) / np.maximum(counts, 1)
    between, within = _components(filled, known, means, counts)
    shrunken = counts * between / (counts * between + within) * means
    return shrunken, between * within / (counts * between + within), counts, between, within


def _particular(pairs: Floats, places: Floats) -> float:
    """Variance of z (S, T) about each source's mean place."""
    known = ~np.isnan(pairs)
    freedom = int(known.sum()) - int(known.any(axis=1).sum())
    if freedom < 3:
        return INDIFFERENT.within
    means = np.where(known, places, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    squares = np.where(known, (pairs - means[:, None]) ** 2, 0.0)
    return max(float(squares.sum()) / freedom, LEAST)


def _components(
    filled: Floats, known: NDArray[np.bool_], means: Floats, counts: Floats
) -> tuple[float, float]:
    total, sources = float(counts.sum()), int((counts > 0).sum())
    if sources < 3 or total - sources < 3:
        return INDIFFERENT.unknown.variance, INDIFFERENT.within
    residual = np.where(known, filled - means[:, None], 0.0)
    within = max(float((residual**2).sum()) / (total - sources), LEAST)
    mean_square = float((counts * (means - filled.sum() / total) ** 2).sum()) / (sources - 1)
    size = (total - float((counts**2).sum()) / total) / (sources - 1)
    return max((mean_square - within) / size, LEAST), within
