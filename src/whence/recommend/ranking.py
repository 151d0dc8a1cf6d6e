"""The main job: candidates for one target, best first, with intervals and reasons."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from whence.knowledge import Descriptor, known_descriptors, plain_name
from whence.recommend.evaluation import published_summary
from whence.recommend.experience import mean_rank, most_frequent_winner
from whence.recommend.folds import Errors, fold_errors
from whence.recommend.model import Belief
from whence.recommend.pace import Run
from whence.recommend.placing import placed
from whence.recommend.reasons import (
    experience_reason,
    explanation,
    hint,
    measured_reason,
    probe_reason,
    race_reason,
    score_reason,
    would_change,
)
from whence.recommend.similar import same_kind, similar_targets
from whence.recommend.situation import Candidate, Situation, look_at
from whence.stats import transferability

STANDS_OUT = 0.5  # a source more likely the best than all others together


def rank(
    candidates: Sequence[Candidate], outcomes: pd.DataFrame, *, target_name: str, seed: int = 0
) -> dict[str, Any]:
    """Rank the candidates that are at hand for one target: the document of `whence rank`.

    `outcomes` are all known ones (`knowledge.known_outcomes`); those on `target_name` itself are set aside,
    and what was measured on it comes with the candidates. See `document` for the keys. Raises `InputError` when no
    candidate is at hand, two have one name, or an AUC lies outside [0, 1].
    """
    return document(candidates, look_at(candidates, outcomes, target_name, seed=seed), target_name)


def document(
    candidates: Sequence[Candidate],
    situation: Situation,
    target_name: str,
    runs: Sequence[Run] = (),
    *,
    target: Descriptor | None = None,
    scores: pd.DataFrame | None = None,
    race_open: bool = False,
) -> dict[str, Any]:
    """The ranking of the candidates that are at hand, after the runs of a race where there was one.

    `target` says what the target is like, where it is known; `scores` (columns measure, source, value) are those taken
    on it before, which are shown; `race_open`, that a race ended for want of budget. Keys:

    - `target`; `ranking`, best first: `source`; `predicted`, `low`, `high` (AUC and its 90 % interval, null where
      nothing tells the target's level; `predicted` falls along the ranking, but for what `placed` says of tried
      sources); `transferability` (percent over the predicted `none`, null unless `none` was measured here);
      `p_best` (sums to 1); `p_near` (that its AUC lies within half a point of the best one's, or null); `reasons`;
      `pretraining_seconds` (0 for ready weights, and for none);
    - `undecided`: null where one source stands out; else `sources`, those nearly as likely the best as the first,
      and the `cheapest` of them;
    - `similar`: known targets that resemble this one (`similar_targets`); they are shown and change nothing;
    - `baselines`: `mean_rank`, the candidates with outcomes on other targets by their mean rank, and `always`,
      the candidate that won on the most targets (null where none is known);
    - `not_at_hand`: known sources without weights here, by mean rank: `source`, `reasons`, `hint`;
    - `would_change`: what could change the answer, in sentences;
    - `explanation`: sentences on how the order was made and how well such orders did.
    """
    here, standing = situation.here, situation.standing
    belief = situation.believe(runs)
    tried = situation.known | {run.source for run in runs}
    order = placed(belief.expected, situation.before, tried)
    probes, raced = fold_errors([c.probe for c in here], paired=False), _raced(here, runs)
    known = known_descriptors()
    experience = partial(
        experience_reason, standing, kind=target.kind if target else None, alike=same_kind(target, known)
    )
    scored = _scored(here, scores)
    reasons = _reasons(
        here, experience, probes, fold_errors([c.measured for c in here], paired=False), raced, scored
    )
    names = {c.known_as for c in here}
    with threadpool_limits(1):  # many tiny matrices: threads only wait for each other
        judged = published_summary()
    away = _not_at_hand(candidates, here, standing, target_name)
    settled = bool(belief.p_best.max() >= STANDS_OUT)
    return {
        "target": target_name,
        "ranking": _rows(here, belief, order, reasons, tried),
        "undecided": None if settled else _undecided(here, belief, order),
        "similar": similar_targets(target, standing, known) if target else [],
        "baselines": _baselines(here, standing),
        "not_at_hand": away,
        "would_change": would_change(
            undecided=not settled,
            raced=len(runs),
            race_open=race_open,
            untried=[c.source for c in here if not len(standing[standing["source"] == c.known_as])],
            away=_ahead(away, here[order[0]], standing),
        ),
        "explanation": explanation(
            targets=int(standing.loc[standing["source"].isin(list(names)), "target"].nunique()),
            probed=sum(p is not None for p in probes),
            measured=len(situation.known),
            raced=len({run.source for run in runs}),
            pairs=situation.reading.pairs,
            level_known=belief.mean is not None,
            settled=settled,
            judged=judged,
        ),
    }


def _raced(here: Sequence[Candidate], runs: Sequence[Run]) -> list[str | None]:
    """What the race has shown of each candidate, in words."""
    return [race_reason([run for run in runs if run.source == i]) for i in range(len(here))]


def _scored(here: Sequence[Candidate], scores: pd.DataFrame | None) -> list[str | None]:
    """Where the scores that were taken before place each candidate, in words."""
    if scores is None:
        return [None] * len(here)
    names = [c.known_as for c in here]
    shown = {c.known_as: c.source for c in here if c.known_as and names.count(c.known_as) == 1}
    shown |= {
        c.source: c.source for c in here
    }  # whence score says it so; a study's table, what it was trained on
    mine = scores.assign(source=scores["source"].map(shown)).dropna(subset="source")
    mine = mine.drop_duplicates(["measure", "source"], keep="last")
    return [score_reason(mine, c.source) for c in here]


def _reasons(
    here: Sequence[Candidate],
    experience: Callable[[str | None], str],
    probes: Errors,
    measured: Errors,
    raced: Sequence[str | None],
    scored: Sequence[str | None],
) -> list[list[str]]:
    shown = [p[0] for p in probes if p is not None]
    reasons = []
    for candidate, probe, outcome, run, score in zip(here, probes, measured, raced, scored, strict=True):
        better = 0 if probe is None else sum(other > probe[0] for other in shown)
        said = [
            measured_reason(outcome, len(candidate.measured or ())),
            run,
            probe_reason(probe, better, len(shown)),
            score,
            experience(candidate.known_as),
        ]
        reasons.append([sentence for sentence in said if sentence])
    return reasons


def _rows(
    here: Sequence[Candidate],
    belief: Belief,
    order: Sequence[int],
    reasons: Sequence[list[str]],
    tried: Collection[int],
) -> list[dict[str, Any]]:
    predicted, low, high = (_auc(values) for values in (belief.mean, belief.low, belief.high))
    gains = None
    baseline = [i for i, c in enumerate(here) if c.known_as == "none" and i in tried]
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
            "p_near": None if belief.p_near is None else float(belief.p_near[i]),
            "reasons": reasons[i],
            "pretraining_seconds": here[i].price,
        }
        for i in order
    ]


def _undecided(here: Sequence[Candidate], belief: Belief, order: Sequence[int]) -> dict[str, Any]:
    """The sources that are at least half as likely the best as the likeliest, and the cheapest of them."""
    tied = [i for i in order if belief.p_best[i] >= belief.p_best.max() / 2]
    cheapest = min(tied, key=lambda i: here[i].price)
    return {"sources": [here[i].source for i in tied], "cheapest": here[cheapest].source}


def _auc(logits: np.ndarray | None) -> np.ndarray | None:
    return None if logits is None else np.asarray(expit(logits))


def _baselines(here: Sequence[Candidate], standing: pd.DataFrame) -> dict[str, Any]:
    """Both static baselines over the candidates; two networks trained on the same share their place."""
    shown: dict[str, list[str]] = {}
    for candidate in here:
        shown.setdefault(candidate.known_as or "", []).append(candidate.source)
    known = standing[standing["source"].isin([name for name in shown if name])]
    winner = most_frequent_winner(standing, among=shown)
    return {
        "mean_rank": [source for name in mean_rank(known).index for source in shown[str(name)]],
        "always": shown[winner][0] if winner else None,
    }


def _ahead(away: Sequence[dict[str, Any]], first: Candidate, standing: pd.DataFrame) -> list[str]:
    """The sources that are not at hand and have a better mean rank than the one that is ranked first."""
    ranks = mean_rank(standing)
    place = ranks.get(first.known_as or "")
    names = [str(row["source"]) for row in away]
    return [] if place is None else [name for name in names if ranks.get(plain_name(name), place) < place]


def _not_at_hand(
    candidates: Sequence[Candidate], here: Sequence[Candidate], standing: pd.DataFrame, target_name: str
) -> list[dict[str, Any]]:
    taken = {c.known_as for c in here} | {plain_name(target_name)}
    away = {c.known_as: c.source for c in candidates if not c.at_hand}
    known = [str(name) for name in mean_rank(standing).index if name not in taken]
    unknown = [
        c.source
        for c in candidates
        if not c.at_hand and (c.known_as is None or c.known_as not in {*known, *taken})
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
