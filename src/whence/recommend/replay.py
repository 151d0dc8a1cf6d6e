"""Races replayed on known outcomes and curves: what one would know after fine-tuning only a part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from whence.recommend.left_out import LeftOut
from whence.recommend.model import Belief
from whence.recommend.pace import Run
from whence.recommend.placing import placed
from whence.recommend.race import Believe, Track, leading, next_step, spent


def naive_race(case: LeftOut, auc: pd.Series, tries: int) -> pd.Series:
    """Try the first sources by mean rank; those tried stand first, by their AUC, the others behind by mean rank.

    `auc`: the true outcomes by source, of which only those tried are looked at. Returns a number per source, higher
    is better.
    """
    order = case.mean_ranks.sort_values(kind="stable").index
    placed = pd.Series(-np.arange(len(order), dtype=np.float64), index=order)
    for source in order[:tries]:
        placed[source] = 1 + auc[source]
    return placed.reindex(list(case.sources))


def race(case: LeftOut, auc: pd.Series, tries: int) -> tuple[list[str], Belief, list[str]]:
    """Try the first sources by experience: those tried, the belief after them, and all sources, best first.

    Arguments as in `naive_race`. The best of those tried by the posterior mean leads (`placed`); the rest follows by
    what the tries and the probes, which have their say from the first try on, let one expect.
    """
    before = case.believe().order
    tried = [case.sources[i] for i in before[:tries]]
    belief = case.believe({source: float(auc[source]) for source in tried})
    order = placed(belief.expected, before, set(before[:tries]))
    return tried, belief, [case.sources[i] for i in order]


def race_on_curves(
    sources: Sequence[str],
    before: Sequence[int],
    believe: Believe,
    curves: pd.DataFrame,
    budget: float,
    order_of_folds: Sequence[int],
) -> tuple[str, float, str]:
    """Run the real race on recorded curves: the source it hands over, the fold-epochs spent, and why it ended.

    `before` and `believe` are those of a `Situation` of the `sources`, in which nothing of the target's outcomes may
    be known and whose pace was learned on other targets. `curves`: the target's, as `measured_curves` gives them; of
    them only what the race has run is looked at, and of that only the validation AUCs. `budget` in fold-epochs.
    """
    whole = int(curves["epochs"].max())
    recorded = {key: run.sort_values("epoch") for key, run in curves.groupby(["source", "fold"])}
    track = Track(len(sources), len(order_of_folds), whole, budget)
    runs = dict[tuple[int, int], Run]()
    while (step := next_step(track, list(runs.values()), believe, before)).trials:
        for trial in step.trials:
            run = recorded[sources[trial.source], order_of_folds[trial.fold]]
            curve = tuple(run["validation_auc"].iloc[: trial.epochs])
            images = int(run["validation_images"].iloc[0])
            runs[trial.source, trial.fold] = Run(trial.source, trial.fold, whole, curve, images)
    done = list(runs.values())
    winner = leading(step.belief, before, {run.source for run in done})
    return sources[winner], spent(done), step.over
