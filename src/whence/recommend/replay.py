"""Races replayed on known outcomes: what one would know after fine-tuning only the first few sources."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whence.recommend.left_out import LeftOut
from whence.recommend.model import Belief
from whence.recommend.placing import placed


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
