"""How well each way of ranking would have done on targets whose outcomes are known: leave one target out.

For each target, everything is learned again from the other targets: experience, variances, the reading of
the probe. Nothing of the target's own outcomes reaches its prediction; they serve to judge it: the order as
it stands, the intervals on the scale of z.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from whence.knowledge import plain_name, published_outcomes, published_scores
from whence.recommend.experience import elsewhere, logit, mean_rank, most_frequent_winner, standings
from whence.recommend.model import Evidence, believe
from whence.recommend.prior import learn_prior
from whence.recommend.reading import STAND_IN, UNINFORMED, learn_reading

METHODS = ("mean rank", "always", "experience", "experience and probe", "probe")
STEADY_ERROR = 1e-6  # published scores come without an error; their noise is in the reading


def evaluate(
    outcomes: pd.DataFrame, scores: pd.DataFrame, targets: Iterable[str] | None = None
) -> pd.DataFrame:
    """Judge every method on every target in turn: one row per target and method.

    `outcomes` as for `standings`, one table per target among the judged; `scores` as for `learn_reading`.
    `targets`: those to judge, by default all with scores; the others are experience only. Columns: target,
    method, weighted_tau (scipy's default; 1 is the true order, NaN for `always`), regret (AUC lost by the first
    pick, ≥ 0), coverage90 (share of sources whose true z lies in the 90 % interval; NaN for the baselines).
    """
    standing = standings(outcomes)
    if targets is None:
        targets = sorted(set(scores.loc[scores["measure"] == STAND_IN, "target"]) & set(standing["target"]))
    with threadpool_limits(1):  # many tiny matrices: threads only wait for each other
        rows = [row for target in targets for row in _judge(standing, scores, plain_name(target))]
    return pd.DataFrame(rows, columns=["target", "method", "weighted_tau", "regret", "coverage90"])


def summary(judged: pd.DataFrame) -> pd.DataFrame:
    """Means over targets, one row per method: weighted_tau, regret, coverage90, targets (their number).

    `tau_gain_low`, `tau_gain_high`: 95 % interval of the gain in weighted τ over the mean rank, by a paired
    bootstrap over targets (2000 draws, fixed seed); it says what so few targets can tell apart.
    """
    means = judged.groupby("method", sort=False)[["weighted_tau", "regret", "coverage90"]].mean()
    means["targets"] = judged.groupby("method", sort=False).size()
    tau = judged.pivot(index="target", columns="method", values="weighted_tau")[means.index]
    gain = tau.sub(tau["mean rank"], axis=0).to_numpy()
    draws = np.random.default_rng(0).integers(0, len(gain), (2000, len(gain)))
    low, high = np.quantile(gain[draws].mean(axis=1), [0.025, 0.975], axis=0)
    return means.assign(tau_gain_low=low, tau_gain_high=high)


@cache
def published_summary() -> pd.DataFrame:
    """`summary` on the 15 sources × 11 judged targets of Juodelyte et al. (2024); computed once a process."""
    outcomes = published_outcomes()
    return summary(evaluate(outcomes[outcomes["study"] == "juodelyte2024"], published_scores()))


def predict_left_out(
    standing: pd.DataFrame, scores: pd.DataFrame, target: str, *, probe: bool
) -> pd.DataFrame:
    """Predicted z and its sd of each source for one target, learned from the others; index: source.

    Of `standing`, the target's rows give the names of the sources to predict and nothing more; of `scores`,
    the target's `lp` is the evidence where `probe`.
    """
    others = elsewhere(standing, target)
    sources = sorted(standing.loc[standing["target"] == target, "source"].unique())
    prior = learn_prior(others)
    reading, shown = UNINFORMED, pd.Series(dtype=np.float64)
    if probe:
        reading = learn_reading(others, elsewhere(scores, target))
        mine = scores[(scores["measure"] == STAND_IN) & (scores["target"] == target)]
        shown = pd.Series(logit(mine["value"]), index=mine["source"].to_numpy())
    evidence = [
        Evidence(
            prior.effects.get(source, prior.unknown),
            probe=(float(shown[source]), STEADY_ERROR) if source in shown.index else None,
        )
        for source in sources
    ]
    belief = believe(evidence, prior, reading)
    return pd.DataFrame({"z": belief.z, "sd": belief.z_sd}, index=sources)


def _judge(
    standing: pd.DataFrame, scores: pd.DataFrame, target: str
) -> list[tuple[str, str, float, float, float]]:
    here = standing[standing["target"] == target].set_index("source").sort_index()
    others = elsewhere(standing, target)
    ranks = mean_rank(others).reindex(here.index)
    winner = most_frequent_winner(others, among=set(here.index))
    experience = predict_left_out(standing, scores, target, probe=False)
    both = predict_left_out(standing, scores, target, probe=True)
    probe = scores[(scores["measure"] == STAND_IN) & (scores["target"] == target)].set_index("source")[
        "value"
    ]

    def row(method: str, order: pd.Series, cover: float = np.nan) -> tuple[str, str, float, float, float]:
        return target, method, _tau(order, here["auc"]), _regret(order, here["auc"]), cover

    always = (target, "always", np.nan, float(here["auc"].max() - here["auc"].get(winner, np.nan)), np.nan)
    return [
        row("mean rank", -ranks.fillna(ranks.mean())),
        always,
        row("experience", experience["z"], _coverage(experience, here["z"])),
        row("experience and probe", both["z"], _coverage(both, here["z"])),
        row("probe", probe.reindex(here.index).fillna(probe.mean())),
    ]


def _tau(order: pd.Series, auc: pd.Series) -> float:
    from scipy.stats import weightedtau

    return float(weightedtau(order.reindex(auc.index).round(9), auc).statistic)


def _regret(order: pd.Series, auc: pd.Series) -> float:
    return float(auc.max() - auc.iloc[int(order.reindex(auc.index).argmax())])


def _coverage(predicted: pd.DataFrame, z: pd.Series) -> float:
    return float(((z - predicted["z"]).abs() <= 1.645 * predicted["sd"]).mean())
