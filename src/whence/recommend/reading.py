"""How to read a probe: what the separation of frozen features says of the outcome after fine-tuning.

On the scale of z, within a target: probe = `on_pair` · z + `on_source` · the source's own effect + noise.
Part of what a probe shows is how good the source is anywhere, which experience knows already; only
`on_pair` is news. The coefficients, and how far above the probes fine-tuning ends, are learned from our own grid, whose
pairs have both. No other study has published probes: to judge on published outcomes, `lp` of Juodelyte et al. (2024),
the nearest, takes the probe's place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from whence.knowledge import family_of, grid_outcomes, grid_probes
from whence.recommend.experience import elsewhere, logit, standings
from whence.recommend.prior import pair_matrix, source_effects

STAND_IN, PROBE = "lp", "linear_probe"
LEVEL_SD = 0.75  # in logit: how far from the probes' level outcomes may lie, where nothing tells
LEAST_SD, FEWEST = 0.1, 3  # a level is learned from so many families of targets at least
RIDGE = 1.0  # in observations: next to nothing against some 140 pairs, but a singular table cannot break it


@dataclass(frozen=True, slots=True)
class Reading:
    """Coefficients of z and of the source's effect, and the variance of the noise, for a standardised probe.

    `level`: by how much logit fine-tuning ends above the probes, on average over sources; `level_sd`: give or take.
    `np.inf` where the probes are on another scale than AUC.
    """

    on_pair: float
    on_source: float
    noise: float
    pairs: int
    level: float = 0.0
    level_sd: float = LEVEL_SD


UNINFORMED = Reading(0.0, 0.0, 1.0, 0)  # nothing to learn from: the probe is shown, and weighs nothing


def learn_reading(standing: pd.DataFrame, scores: pd.DataFrame, measure: str = STAND_IN) -> Reading:
    """Learn to read a score from targets that have both; neither table may hold the target to be predicted.

    `standing` as of `standings`, `scores` with columns measure, source, target, value (in [0, 1], higher is
    better). The source's effect for one target is that learned without it, as it will be in use.
    """
    values = scores[(scores["measure"] == measure) & (scores["source"] != scores["target"])]
    pairs = pair_matrix(standing, "z")
    z = pairs.to_numpy(dtype=np.float64)
    places = pair_matrix(standing, "place").to_numpy(dtype=np.float64)
    wide = pair_matrix(values, "value")
    shown = wide.reindex(index=pairs.index, columns=pairs.columns).to_numpy(dtype=np.float64)
    outcomes, effects, probes = [], [], []
    for column in range(z.shape[1]):
        both = ~np.isnan(z[:, column]) & ~np.isnan(shown[:, column])
        probe = logit(shown[both, column])
        if both.sum() < 3 or not probe.std() > 0:
            continue
        outcomes.append(z[both, column])
        effects.append(source_effects(np.delete(places, column, axis=1))[0][both])
        probes.append((probe - probe.mean()) / probe.std(ddof=1))
    if not probes or sum(map(len, probes)) < 20:
        return UNINFORMED
    x = np.stack([np.concatenate(outcomes), np.concatenate(effects)], axis=1)
    y = np.concatenate(probes)
    weights = np.linalg.solve(x.T @ x + RIDGE * np.eye(2), x.T @ y)
    noise = float(((y - x @ weights) ** 2).sum() / (len(y) - 2))
    return Reading(float(weights[0]), float(weights[1]), max(noise, 0.05), len(y))


def learn_from_probes(standing: pd.DataFrame, probes: pd.DataFrame) -> Reading:
    """Learn to read probes, and the level, from targets of one study that have both.

    `standing` as of `standings`, `probes` with columns target, source, fold, auc; neither may hold the target to be
    predicted. Targets of one family count once for the level.
    """
    shown = probes.groupby(["source", "target"])["auc"].mean()
    reading = learn_reading(standing, shown.rename("value").reset_index().assign(measure=PROBE), PROBE)
    outcomes = pair_matrix(standing, "logit")
    before = shown.unstack("target").reindex_like(outcomes)
    lift = (outcomes - logit(before.to_numpy())).mean().dropna()
    lifts = lift.groupby([family_of(str(target)) for target in lift.index]).mean()
    if len(lifts) < FEWEST:
        return reading
    sd = float(lifts.std(ddof=1) * np.sqrt(1 + 1 / len(lifts)))
    return replace(reading, level=float(lifts.mean()), level_sd=max(sd, LEAST_SD))


def shipped_reading(target: str) -> Reading:
    """What our own grid has taught, this target left out."""
    return learn_from_probes(elsewhere(standings(grid_outcomes()), target), elsewhere(grid_probes(), target))
