"""One target left out: all that may be known of it before anything is tried on it, learned from the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from whence.knowledge import plain_name
from whence.recommend.experience import elsewhere, logit, mean_rank, most_frequent_winner
from whence.recommend.model import Belief, Evidence, Observed, believe, probes_in_turn
from whence.recommend.prior import Prior, learn_prior
from whence.recommend.reading import STAND_IN, UNINFORMED, Reading, learn_reading

Probe = Literal["in turn", "always", "never"]
STEADY_ERROR = 1e-6  # published values come without an error; their noise is in the reading


@dataclass(frozen=True)
class LeftOut:
    """What is known of the sources for a target whose own outcomes are set aside."""

    target: str
    sources: tuple[str, ...]
    mean_ranks: pd.Series  # of each source over the other targets; one never tried there has the mean of all
    winner: str | None  # the source that won on the most other targets
    prior: Prior
    reading: Reading
    probes: Mapping[str, float]  # logit of the stand-in for a probe, where there is one

    def believe(self, tried: Mapping[str, float] | None = None, *, probe: Probe = "in turn") -> Belief:
        """What follows for all sources from experience, the probes and what was tried.

        `tried`: AUC of the sources that were fine-tuned on the target. `probe`: given the say that `whence rank` gives
        it (`probes_in_turn`), "always" its full say, or "never" looked at.
        """
        known = tried or {}
        return self.believe_observed(
            Observed(
                [i for i, source in enumerate(self.sources) if source in known],
                logit(
                    np.array([known[source] for source in self.sources if source in known], dtype=np.float64)
                ),
                STEADY_ERROR * np.eye(len(known)),
            ),
            probe=probe,
        )

    def believe_observed(self, observed: Observed, *, probe: Probe = "in turn") -> Belief:
        """The same after any measurements on the target."""
        shown = {} if probe == "never" else self.probes
        evidence = [
            Evidence(
                self.prior.effects.get(source, self.prior.unknown),
                probe=(shown[source], STEADY_ERROR) if source in shown else None,
            )
            for source in self.sources
        ]
        if probe == "in turn":
            evidence = probes_in_turn(evidence, observed)
        reading = UNINFORMED if probe == "never" else self.reading
        no_auc = replace(reading, level_sd=np.inf)  # the stand-in is on another scale
        return believe(evidence, observed, self.prior, no_auc)


def leave_out(
    standing: pd.DataFrame, scores: pd.DataFrame, target: str, relatives: Collection[str] = ()
) -> LeftOut:
    """Learn everything anew from the targets other than `target` (and its `relatives`).

    Of `standing`, the target's rows give the names of the sources and nothing more; of `scores` (columns measure,
    source, target, value), the target's stand-in for a probe is evidence, not experience.
    """
    name = plain_name(target)
    sources = tuple(sorted(standing.loc[standing["target"] == name, "source"].unique()))
    others, known_scores = elsewhere(standing, name), elsewhere(scores, name)
    for relative in relatives:
        others, known_scores = elsewhere(others, relative), elsewhere(known_scores, relative)
    ranks = mean_rank(others).reindex(list(sources))
    mine = scores[(scores["measure"] == STAND_IN) & (scores["target"] == name)]
    return LeftOut(
        name,
        sources,
        ranks.fillna(ranks.mean()),
        most_frequent_winner(others, among=sources),
        learn_prior(others),
        learn_reading(others, known_scores),
        {
            str(source): float(value)
            for source, value in zip(mine["source"], logit(mine["value"]), strict=True)
            if source in sources
        },
    )
