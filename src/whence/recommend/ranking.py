"""The main job: candidates for one target, best first, with intervals and reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from whence.errors import InputError
from whence.knowledge import plain_name, published_scores
from whence.recommend.evaluation import published_summary
from whence.recommend.experience import elsewhere, mean_rank, most_frequent_winner, standings
from whence.recommend.folds import Errors, fold_errors, on_logit, shared_error
from whence.recommend.model import NOTHING, Belief, Evidence, Observed, believe, probes_in_turn
from whence.recommend.placing import placed
from whence.recommend.prior import Effect, Prior, learn_prior
from whence.recommend.reading import learn_reading
from whence.recommend.reasons import experience_reason, explanation, hint, measured_reason, probe_reason
from whence.stats import transferability

STANDS_OUT = 0.5  # a source more likely the best than all others together


@dataclass(frozen=True, slots=True)
class Candidate:
    """A source that one could start from, and what is known of it on this target.

    `source` is the name to show; `trained_on` the name under which other studies know it ("imagenet", "dtd",
    "none" …), None for a network that nobody else has. `probe`: the linear probe's AUC on each fold;
    `measured`: the AUC after fine-tuning on each fold, the same folds for all candidates. `at_hand`: its weights can
    be loaded here.
    """

    source: str
    trained_on: str | None = None
    probe: Sequence[float] | None = None
    measured: Sequence[float] | None = None
    at_hand: bool = True


def rank(
    candidates: Sequence[Candidate], outcomes: pd.DataFrame, *, target_name: str, seed: int = 0
) -> dict[str, Any]:
    """Rank the candidates that are at hand for one target: the document of `whence rank`.

    `outcomes` are all known ones (`knowledge.known_outcomes`); those on `target_name` itself are set aside,
    and what was measured on it comes with the candidates. Keys:

    - `target`; `ranking`, best first: `source`; `predicted`, `low`, `high` (AUC and its 90 % interval, null where
      nothing tells the target's level; `predicted` falls along the ranking, but for what `placed` says of tried
      sources); `transferability` (percent over the predicted `none`, null unless `none` was measured here);
      `p_best` (sums to 1); `reasons`;
    - `baselines`: `mean_rank`, the candidates with outcomes on other targets by their mean rank, and `always`,
      the candidate that won on the most targets (null where none is known);
    - `not_at_hand`: known sources without weights here, by mean rank: `source`, `reasons`, `hint`;
    - `explanation`: sentences on how the order was made and how well such orders did.

    Raises `InputError` when no candidate is at hand, two have one name, or an AUC lies outside [0, 1].
    """
    here = [c for c in candidates if c.at_hand and _known_as(c) != plain_name(target_name)]
    _check(candidates, here, target_name)
    standing = elsewhere(standings(outcomes), target_name)
    prior = learn_prior(standing)
    reading = learn_reading(standing, elsewhere(published_scores(), target_name))
    probes = fold_errors([c.probe for c in here], paired=True)
    measured = fold_errors([c.measured for c in here], paired=True)
    evidence = [Evidence(_effect(c, prior), on_logit(p)) for c, p in zip(here, probes, strict=True)]
    observed = _observed([c.measured for c in here], measured)
    with threadpool_limits(1):  # many tiny matrices: threads only wait for each other
        untried = believe(probes_in_turn(evidence, NOTHING), NOTHING, prior, reading)
        belief = believe(probes_in_turn(evidence, observed), observed, prior, reading, seed=seed)
        judged = published_summary()
    order = placed(belief.expected, untried.order, observed.sources)
    reasons = _reasons(
        here,
        standing,
        *(fold_errors([getattr(c, kind) for c in here], paired=False) for kind in ("probe", "measured")),
    )
    names = {_known_as(c) for c in here}
    return {
        "target": target_name,
        "ranking": _rows(here, belief, order, reasons),
        "baselines": _baselines(here, standing),
        "not_at_hand": _not_at_hand(candidates, here, standing, target_name),
        "explanation": explanation(
            targets=int(standing.loc[standing["source"].isin(list(names)), "target"].nunique()),
            probed=sum(p is not None for p in probes),
            measured=sum(m is not None for m in measured),
            pairs=reading.pairs,
            level_known=belief.mean is not None,
            settled=bool(belief.p_best.max() >= STANDS_OUT),
            judged=judged,
        ),
    }


def _check(candidates: Sequence[Candidate], here: Sequence[Candidate], target_name: str) -> None:
    if not here:
        raise InputError(
            f"no candidate for {target_name!r} is at hand ({len(candidates)} given); give one whose weights load, "
            "or none"
        )
    names = [c.source for c in here]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"the candidate {twice[0]!r} is given more than once; accepted: each once")


def _known_as(candidate: Candidate) -> str | None:
    return None if candidate.trained_on is None else plain_name(candidate.trained_on)


def _observed(measured: Sequence[Sequence[float] | None], errors: Errors) -> Observed:
    """Outcomes of all folds, whose errors have a part in common: it blurs their level and not their differences."""
    seen = {i: at for i, error in enumerate(errors) if (at := on_logit(error))}
    level = (
        on_logit((float(np.mean([e[0] for e in errors if e])), shared_error(measured)))
        if len(seen) > 1
        else None
    )
    noise = np.diag([variance for _, variance in seen.values()]) + (level[1] if level else 0.0)
    return Observed(list(seen), np.array([value for value, _ in seen.values()]), noise)


def _effect(candidate: Candidate, prior: Prior) -> Effect:
    return prior.effects.get(_known_as(candidate) or "", prior.unknown)


def _reasons(
    here: Sequence[Candidate], standing: pd.DataFrame, probes: Errors, measured: Errors
) -> list[list[str]]:
    shown = [p[0] for p in probes if p is not None]
    reasons = []
    for candidate, probe, outcome in zip(here, probes, measured, strict=True):
        better = 0 if probe is None else sum(other > probe[0] for other in shown)
        said = [
            measured_reason(outcome, len(candidate.measured or ())),
            probe_reason(probe, better, len(shown)),
            experience_reason(standing, _known_as(candidate)),
        ]
        reasons.append([sentence for sentence in said if sentence])
    return reasons


def _rows(
    here: Sequence[Candidate], belief: Belief, order: Sequence[int], reasons: Sequence[list[str]]
) -> list[dict[str, Any]]:
    predicted, low, high = (_auc(values) for values in (belief.mean, belief.low, belief.high))
    gains = None
    baseline = [i for i, c in enumerate(here) if _known_as(c) == "none" and c.measured]
    if predicted is not None and baseline:
        gains = transferability(predicted, predicted[baseline[0]])
    return [
        {
            "source": here[i].source,
            "predicted": None if predicted is None else float(predicted[i]),
            "low": None if low is None else float(low[i]),
            "high": None if high is None else float(high[i]),
            "transferability": None if gains is None else float(gains[i]),
            "p_best": float(belief.p_best[i]),
            "reasons": reasons[i],
        }
        for i in order
    ]


def _auc(logits: np.ndarray | None) -> np.ndarray | None:
    return None if logits is None else 1 / (1 + np.exp(-logits))


def _baselines(here: Sequence[Candidate], standing: pd.DataFrame) -> dict[str, Any]:
    """Both static baselines over the candidates; two networks trained on the same share their place."""
    shown: dict[str, list[str]] = {}
    for candidate in here:
        shown.setdefault(_known_as(candidate) or "", []).append(candidate.source)
    known = standing[standing["source"].isin([name for name in shown if name])]
    winner = most_frequent_winner(standing, among=shown)
    return {
        "mean_rank": [source for name in mean_rank(known).index for source in shown[str(name)]],
        "always": shown[winner][0] if winner else None,
    }


def _not_at_hand(
    candidates: Sequence[Candidate], here: Sequence[Candidate], standing: pd.DataFrame, target_name: str
) -> list[dict[str, Any]]:
    taken = {_known_as(c) for c in here} | {plain_name(target_name)}
    away = {_known_as(c): c.source for c in candidates if not c.at_hand}
    known = [str(name) for name in mean_rank(standing).index if name not in taken]
    unknown = [
        c.source
        for c in candidates
        if not c.at_hand and (_known_as(c) is None or _known_as(c) not in {*known, *taken})
    ]
    return [
        {
            "source": away.get(name, name),
            "reasons": [experience_reason(standing, name)],
            "hint": hint(name),
        }
        for name in known
    ] + [
        {
            "source": name,
            "reasons": [experience_reason(standing, None)],
            "hint": hint(None),
        }
        for name in unknown
    ]
