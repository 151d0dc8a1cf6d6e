"""Races replayed on known outcomes: what one would know after fine-tuning only the first few sources."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whence.recommend.left_out import LeftOut
from whence.recommend.model import Belief


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


def race(case: LeftOut, auc: pd.Series, tries: int, *, probe: bool = True) -> tuple[list[str], Belief]:
    """Try one source after the other, each time the one whose expected AUC is highest; what was tried, and the belief.

    Arguments as in `naive_race`; `probe` lets the stand-in for a probe speak.
    """
    tried: dict[str, float] = {}
    belief = case.believe(probe=probe)
    for _ in range(min(tries, len(case.sources))):
        best = next(i for i in belief.order if case.sources[i] not in tried)
        tried[case.sources[best]] = float(auc[case.sources[best]])
        belief = case.believe(tried, probe=probe)
    return list(tried), belief
