"""How well each way of ranking would have done on targets whose outcomes are known: leave one out.

For each target, everything is learned again from the other targets: experience, variances, the reading of
the probe. Nothing of the target's own outcomes reaches its prediction but what a race has tried; they serve to judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Literal

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from whence.errors import InputError
from whence.knowledge import family_of, plain_name, published_outcomes, published_scores
from whence.recommend.experience import logit, standings
from whence.recommend.left_out import LeftOut, leave_out
from whence.recommend.model import Belief
from whence.recommend.reading import STAND_IN
from whence.recommend.replay import naive_race, race

TRIES = (1, 2, 3, 5)
BASELINE = "mean rank"
Apart = Literal["target", "family"]
COLUMNS = ["target", "method", "weighted_tau", "regret", "top3", "coverage90"]


def evaluate(
    outcomes: pd.DataFrame,
    scores: pd.DataFrame,
    targets: Iterable[str] | None = None,
    *,
    apart: Apart = "target",
    races: Iterable[int] = (),
) -> pd.DataFrame:
    """Judge every method on every target in turn: one row per target and method.

    `outcomes` as for `standings`, one table per target among the judged; `scores` with columns measure, source,
    target, value (higher is better). `targets`: those to judge, by default all with scores, or all where there are no
    scores; the others are experience only. `apart="family"` leaves out a target's relatives with it. `races`:
    numbers of fine-tunings to replay.

    Columns: target, method, weighted_tau (scipy's default; 1 is the true order, NaN for `always`), regret (AUC lost
    by the first pick, ≥ 0), top3 (1 where the best source is among the first three), coverage90 (share of the
    sources not tried whose outcome lies in the 90 % interval; NaN where a method gives none).
    """
    standing = standings(outcomes)
    if targets is None:
        scored = {plain_name(str(name)) for name in scores["target"].unique()}
        known = set(standing["target"])
        targets = sorted(known & scored or known)
    with threadpool_limits(1):  # many tiny matrices: threads only wait for each other
        rows = [
            (target, *row)
            for target in map(plain_name, targets)
            for row in _judge(standing, scores, target, apart, tuple(races))
        ]
    return pd.DataFrame(rows, columns=COLUMNS)


def summary(judged: pd.DataFrame) -> pd.DataFrame:
    """Means over targets, one row per method: weighted_tau, regret, top3, coverage90, targets (their number).

    `low`, `high`: 95 % interval of the mean weighted τ, by a bootstrap over targets (2000 draws, fixed seed);
    `tau_gain_low`, `tau_gain_high`: that of its gain over the mean rank on the same draws. They say what so few
    targets can tell apart.
    """
    values = ["weighted_tau", "regret", "top3", "coverage90"]
    means = judged.groupby("method", sort=False)[values].mean()
    means["targets"] = judged.groupby("method", sort=False).size()
    tau = judged.pivot(index="target", columns="method", values="weighted_tau")[means.index]
    gain = tau.sub(tau[BASELINE], axis=0)
    draws = np.random.default_rng(0).integers(0, len(tau), (2000, len(tau)))
    for table, names in ((tau, ("low", "high")), (gain, ("tau_gain_low", "tau_gain_high"))):
        low, high = np.quantile(table.to_numpy()[draws].mean(axis=1), [0.025, 0.975], axis=0)
        means = means.assign(**{names[0]: low, names[1]: high})
    return means


@cache
def published_summary() -> pd.DataFrame:
    """`summary` on the 15 sources × 11 judged targets of Juodelyte et al. (2024); computed once a process."""
    outcomes = published_outcomes()
    return summary(evaluate(outcomes[outcomes["study"] == "juodelyte2024"], published_scores()))


def evaluation_document(judged: pd.DataFrame) -> dict[str, Any]:
    """What `whence knowledge evaluate --json` prints: `{targets, methods: [..]}`; what is no number is None."""
    table = summary(judged)
    return {
        "targets": sorted(judged["target"].unique()),
        "methods": [
            {"method": method}
            | {
                column: None if pd.isna(value) else float(value)
                for column, value in row.items()
                if column != "targets"
            }
            for method, row in zip(table.index, table.to_dict("records"), strict=True)
        ],
    }


Row = tuple[str, float, float, float, float]  # method, weighted τ, regret, top 3, coverage


def _judge(
    standing: pd.DataFrame, scores: pd.DataFrame, target: str, apart: Apart, races: tuple[int, ...]
) -> Iterator[Row]:
    auc = _outcomes(standing, target)
    relatives = _relatives(standing, target) if apart == "family" else ()
    case = leave_out(standing, scores, target, relatives)

    def row(method: str, order: pd.Series, coverage: float = np.nan) -> Row:
        order = order.reindex(auc.index)
        return method, _tau(order, auc), _regret(order, auc), _top3(order, auc), coverage

    def belief_row(method: str, belief: Belief) -> Row:
        return row(
            method,
            pd.Series(belief.expected, index=list(case.sources)),
            _coverage(case, belief, standing, set()),
        )

    yield row(BASELINE, -case.mean_ranks)
    yield "always", np.nan, float(auc.max() - auc.get(case.winner or "", np.nan)), np.nan, np.nan
    yield "random", 0.0, float((auc.max() - auc).mean()), min(1.0, 3 / len(auc)), np.nan
    yield belief_row("experience", case.believe())
    if case.probes:
        yield belief_row("experience and every probe", case.believe(probe="always"))
    here = scores[scores["target"] == target]
    for measure in sorted(here["measure"].unique()):
        values = here[here["measure"] == measure].groupby("source")["value"].mean().reindex(auc.index)
        yield row(measure if measure != STAND_IN else "probe", values.fillna(values.mean()))
    for tries in races:
        yield row(f"naive race, {tries} tried", naive_race(case, auc, tries))
        tried, belief, order = race(case, auc, tries)
        falling = pd.Series(-np.arange(len(order), dtype=np.float64), index=order)
        yield row(f"race, {tries} tried", falling, _coverage(case, belief, standing, set(tried)))


def _outcomes(standing: pd.DataFrame, target: str) -> pd.Series:
    here = standing[standing["target"] == target]
    if not len(here):
        raise InputError(f"no outcomes of two sources or more are known on the target {target!r}")
    if here["table"].nunique() > 1:
        raise InputError(
            f"the target {target!r} stands in {here['table'].nunique()} tables (study, backbone, recipe …), and only "
            "one can judge; give the outcomes of one study with one backbone"
        )
    found: pd.Series = here.set_index("source")["auc"].sort_index()
    return found


def _relatives(standing: pd.DataFrame, target: str) -> tuple[str, ...]:
    family = family_of(target)
    return tuple(name for name in standing["target"].unique() if name != target and family_of(name) == family)


def _tau(order: pd.Series, auc: pd.Series) -> float:
    from scipy.stats import weightedtau

    return float(weightedtau(order, auc).statistic)


def _regret(order: pd.Series, auc: pd.Series) -> float:
    return float(auc.max() - auc.iloc[int(order.argmax())])


def _top3(order: pd.Series, auc: pd.Series) -> float:
    best = auc.index[int(auc.argmax())]
    return float(best in set(order.sort_values(ascending=False, kind="stable").index[:3]))


def _coverage(case: LeftOut, belief: Belief, standing: pd.DataFrame, tried: set[str]) -> float:
    """Share of the sources not tried inside their 90 % interval: of z before anything is tried, of the AUC after."""
    here = standing[standing["target"] == case.target].set_index("source").reindex(list(case.sources))
    open_ = ~np.isin(here.index, list(tried))
    if not open_.any():
        return float("nan")
    if tried and belief.low is not None and belief.high is not None:
        true = logit(here["auc"])
        inside = (belief.low <= true) & (true <= belief.high)
    else:
        inside = np.abs(here["z"].to_numpy() - belief.z) <= 1.645 * belief.z_sd
    return float(inside[open_].mean())
