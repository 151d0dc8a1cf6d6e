"""Is source A better than B? Every pair on every target, and the groups of sources that cannot be told apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from whence.report.arrays import test_to_train
from whence.report.figures import panel_title
from whence.report.forms import AUC, Form
from whence.report.table import Table
from whence.report.tidy import panels_of, summarise
from whence.report.words import MISSING, counted, gain, number, plus_minus, signed
from whence.stats import all_pairs, letters

ALPHA = 0.1  # two sources are told apart where the p-value after Holm's correction is below it
ROPE = 0.005  # half an AUC point: less than that makes no difference in practice
COLUMNS = ["target", "configuration", "first", "second", "difference", "low", "high", "p", "p_holm"]
PRACTICAL = ["worse", "equivalent", "better"]


def comparisons(tidy: pd.DataFrame) -> pd.DataFrame:
    """Every pair of sources on every target and configuration, on the folds that both have; the better one first.

    Columns: target, configuration, first, second, difference (of mean AUC), low, high (its 90 % interval), p, p_holm
    (over the pairs of the target), worse, equivalent, better (probabilities, with half an AUC point as region of
    practical equivalence). Methods: `stats.corrected_difference`, `stats.practical_difference`, `stats.holm`.
    """
    found: list[dict[str, Any]] = []
    for target, configuration, part in panels_of(tidy, "target_name"):
        table = part.pivot_table(index="source_name", columns="fold", values="auc")
        table = table.loc[table.mean(axis=1).sort_values(ascending=False, kind="stable").index]
        names = [str(name) for name in table.index]
        for pair in all_pairs(table.to_numpy(), test_to_train=test_to_train(part), rope=ROPE):
            found.append(
                {
                    "target": target,
                    "configuration": configuration,
                    "first": names[pair.first],
                    "second": names[pair.second],
                    "difference": pair.difference.mean,
                    "low": pair.difference.low,
                    "high": pair.difference.high,
                    "p": pair.difference.p,
                    "p_holm": pair.p_holm,
                    "worse": pair.practical.worse,
                    "equivalent": pair.practical.equivalent,
                    "better": pair.practical.better,
                }
            )
    return pd.DataFrame(found, columns=[*COLUMNS, *PRACTICAL])


def pair_of(found: pd.DataFrame, one: str, other: str) -> dict[str, float] | None:
    """The comparison of `one` with `other` among the rows of one target, seen from `one`; None without one."""
    for first, second, sign in ((one, other, 1.0), (other, one, -1.0)):
        found_here = found[(found["first"] == first) & (found["second"] == second)]
        if len(found_here):
            row = found_here.iloc[0]
            turned = sign < 0
            return {
                "difference": sign * row["difference"],
                "low": -row["high"] if turned else row["low"],
                "high": -row["low"] if turned else row["high"],
                "p_holm": row["p_holm"],
                "worse": row["better"] if turned else row["worse"],
                "equivalent": row["equivalent"],
                "better": row["worse"] if turned else row["better"],
            }
    return None


def group_letters(found: pd.DataFrame, names: list[str]) -> list[str]:
    """The letters of sources (best first) among the rows of one target: a shared letter is "not told apart"."""
    apart = np.zeros((len(names), len(names)), dtype=bool)
    for i, one in enumerate(names):
        for j, other in enumerate(names[:i]):
            pair = pair_of(found, one, other)
            apart[i, j] = apart[j, i] = pair is not None and pair["p_holm"] < ALPHA
    return letters(apart)


def ranking_table(tidy: pd.DataFrame, found: pd.DataFrame, form: Form = AUC) -> Table:
    """Sources of every target, best first, with the group that each belongs to and its distance from the best.

    `found` are the `comparisons` of `tidy`, `form` the form of its transferability.
    """
    table = []
    for target, configuration, part in panels_of(summarise(tidy)):
        here = found[(found["target"] == target) & (found["configuration"] == configuration)]
        ranked = part.sort_values("auc", ascending=False, kind="stable")
        names = [str(name) for name in ranked["source"]]
        most = part["folds"].max()
        for row, letter in zip(ranked.to_dict("records"), group_letters(here, names), strict=True):
            pair = None if row["source"] == names[0] else pair_of(here, str(row["source"]), names[0])
            table.append(
                {
                    "target": panel_title(target, configuration),
                    "source": row["source"],
                    "source_full": row["source_full"],
                    "group": letter if len(names) > 1 and len(here) else "",
                    "auc": row["auc"],
                    "auc_sd": row["auc_sd"],
                    "folds": row["folds"],
                    "transferability": row["transferability"],
                    "transferability_sd": row["transferability_sd"],
                    "to_best": pair["difference"] if pair else float("nan"),
                    "to_best_low": pair["low"] if pair else float("nan"),
                    "to_best_high": pair["high"] if pair else float("nan"),
                    "p_equivalent_to_best": pair["equivalent"] if pair else float("nan"),
                    "said": _auc(row, most),
                    "gain_said": _gain(row),
                    "to_best_said": _difference(pair),
                }
            )
    frame = pd.DataFrame(table)
    first = frozenset(frame.index[~frame["target"].duplicated()]) if len(frame) else frozenset()
    return Table(
        "ranking",
        "Ranking and groups",
        "Sources on each target, best first. Sources that share a letter cannot be told apart: the p-value of "
        "their paired difference over the folds (corrected resampled t-test, Holm’s correction over the pairs of "
        f"the target) is 0.1 or more. Transferability is {form.definition}: mean over folds ± standard deviation. "
        "In brackets the 90 % interval of the difference from the best, over the folds that both have.",
        frame,
        {
            "source": "Source",
            "group": "Group",
            "said": "AUC",
            "gain_said": "Transferability",
            "to_best_said": "From the best",
        },
        {
            "group": str,
            "said": str,
            "gain_said": str,
            "to_best_said": str,
        },
        group="target",
        best=first,
        words=frozenset({"group"}),
    )


def comparison_table(found: pd.DataFrame) -> Table:
    """All pairs, one row each."""
    told = found.assign(
        target=[panel_title(t, c) for t, c in zip(found["target"], found["configuration"], strict=True)]
    )
    return Table(
        "comparisons",
        "Every pair of sources",
        "First less second: mean difference in AUC with its 90 % interval, p before and after Holm’s correction "
        "over the pairs of the target, and the probabilities that the first is worse, equivalent (within half an "
        "AUC point), better.",
        told,
        {
            "first": "First",
            "second": "Second",
            "difference": "Difference",
            "low": "5 %",
            "high": "95 %",
            "p": "p",
            "p_holm": "p (Holm)",
            "worse": "Worse",
            "equivalent": "Equivalent",
            "better": "Better",
        },
        dict.fromkeys(("difference", "low", "high"), signed)
        | dict.fromkeys(("p", "p_holm", *PRACTICAL), number),
        group="target",
    )


def _auc(row: dict[Any, Any], most: int) -> str:
    """Mean ± standard deviation, and of how many folds, where others of the target have more."""
    fewer = f" ({counted(int(row['folds']), 'fold')})" if row["folds"] < most else ""
    return plus_minus(row["auc"], row["auc_sd"]) + fewer


def _gain(row: dict[Any, Any]) -> str:
    if row["source_full"] == "none":
        return "baseline"
    return gain(row["transferability"], row["transferability_sd"])


def _difference(pair: dict[str, float] | None) -> str:
    if pair is None:
        return MISSING
    return f"{signed(pair['difference'])} [{signed(pair['low'])}, {signed(pair['high'])}]"
