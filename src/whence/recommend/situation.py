"""All that is known of the candidates for one target, and what any runs of a race add to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from whence.errors import InputError
from whence.knowledge import plain_name
from whence.recommend.experience import elsewhere, standings
from whence.recommend.folds import Errors, fold_errors, on_logit, shared_error
from whence.recommend.model import NOTHING, Belief, Evidence, Observed, believe, probes_in_turn
from whence.recommend.pace import Pace, Run, observe, shipped_pace
from whence.recommend.prior import Prior, learn_prior
from whence.recommend.reading import Reading, shipped_reading


@dataclass(frozen=True, slots=True)
class Candidate:
    """A source that one could start from, and what is known of it on this target.

    `source` is the name to show; `trained_on` the name under which other studies know it ("imagenet", "dtd",
    "none" …), None for a network that nobody else has. `probe`: the linear probe's AUC on each fold;
    `measured`: the AUC after fine-tuning on each fold, the same folds for all candidates. `at_hand`: its weights can
    be loaded here. `price`: the seconds of pretraining that its weights took; 0 for ready ones, and for none.
    """

    source: str
    trained_on: str | None = None
    probe: Sequence[float] | None = None
    measured: Sequence[float] | None = None
    at_hand: bool = True
    price: float = 0.0

    @property
    def known_as(self) -> str | None:
        """The plain name under which experience knows it."""
        return None if self.trained_on is None else plain_name(self.trained_on)


@dataclass(frozen=True)
class Situation:
    """The candidates at hand for one target and all that was learned before anything is tried on it."""

    here: Sequence[Candidate]
    standing: pd.DataFrame  # of other targets only
    prior: Prior
    reading: Reading
    pace: Pace
    seed: int

    @property
    def probes(self) -> Errors:
        """The probes as (AUC, standard error)."""
        return fold_errors([c.probe for c in self.here], paired=True)

    @property
    def known(self) -> frozenset[int]:
        """Candidates measured on all folds already."""
        return frozenset(i for i, c in enumerate(self.here) if c.measured)

    @cached_property
    def evidence(self) -> list[Evidence]:
        """Of every candidate, but for what was measured on the target."""
        return [
            Evidence(self.prior.effects.get(c.known_as or "", self.prior.unknown), on_logit(probe))
            for c, probe in zip(self.here, self.probes, strict=True)
        ]

    @cached_property
    def before(self) -> list[int]:
        """The order in which experience puts the candidates, best first, before anything is measured."""
        with threadpool_limits(1):  # many tiny matrices: threads only wait for each other
            return believe(
                probes_in_turn(self.evidence, NOTHING), NOTHING, self.prior, self.reading, seed=self.seed
            ).order

    def believe(self, runs: Sequence[Run] = ()) -> Belief:
        """The posterior after what was measured before and these runs of a race."""
        observed = _together(_measured([c.measured for c in self.here]), observe(runs, self.pace))
        with threadpool_limits(1):
            return believe(
                probes_in_turn(self.evidence, observed), observed, self.prior, self.reading, seed=self.seed
            )


def look_at(
    candidates: Sequence[Candidate],
    outcomes: pd.DataFrame,
    target_name: str,
    *,
    pace: Pace | None = None,
    reading: Reading | None = None,
    seed: int = 0,
) -> Situation:
    """Learn from `outcomes` on other targets; those on the target itself are set aside.

    `pace` and `reading` are by default what our own grid has taught (`shipped_pace`, `shipped_reading`).
    Raises `InputError` when no candidate is at hand, two have one name, or an AUC lies outside [0, 1].
    """
    here = [c for c in candidates if c.at_hand and c.known_as != plain_name(target_name)]
    if not here:
        raise InputError(
            f"no candidate for {target_name!r} is at hand ({len(candidates)} given); give one whose weights load, "
            "or none"
        )
    names = [c.source for c in here]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"the candidate {twice[0]!r} is given more than once; accepted: each once")
    standing = elsewhere(standings(outcomes), target_name)
    return Situation(
        here,
        standing,
        learn_prior(standing),
        reading or shipped_reading(target_name),
        pace or shipped_pace(),
        seed,
    )


def _measured(measured: Sequence[Sequence[float] | None]) -> Observed:
    """Outcomes of all folds, whose errors have a part in common: it blurs their level and not their differences."""
    errors = fold_errors(measured, paired=True)
    seen = {i: at for i, error in enumerate(errors) if (at := on_logit(error))}
    level = None
    if len(seen) > 1:
        level = on_logit((float(np.mean([e[0] for e in errors if e])), shared_error(measured)))
    noise = np.diag([variance for _, variance in seen.values()]) + (level[1] if level else 0.0)
    return Observed(list(seen), np.array([value for value, _ in seen.values()]), noise)


def _together(first: Observed, second: Observed) -> Observed:
    noise = np.zeros((len(first) + len(second),) * 2)
    noise[: len(first), : len(first)] = first.noise
    noise[len(first) :, len(first) :] = second.noise
    return Observed([*first.sources, *second.sources], np.concatenate([first.logits, second.logits]), noise)
