"""Networks, recipes, seeds or studies against each other, over the sources and targets that they share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from whence.report.arrays import Floats
from whence.report.comparison import ROPE
from whence.report.table import Table
from whence.report.words import MISSING, duration, is_missing, listed, number, signed
from whence.stats import Contrast, agreement, mean_contrast, mean_over_folds


def configurations_table(tidy: pd.DataFrame, parameters: Mapping[str, int] | None = None) -> Table | None:
    """Every configuration beside the one with the highest AUC; None where there is one only.

    AUCs are compared over the pairs and folds that two configurations share; orders of sources over the targets where
    they share at least three. `parameters` tells of backbones how many weights they have.
    """
    names = [str(name) for name in dict.fromkeys(tidy["configuration"])]
    if len(names) < 2:
        return None
    arrays = dict(zip(names, _arrays(tidy, names, "auc"), strict=True))
    times = dict(zip(names, _arrays(tidy, names, "seconds"), strict=True))
    shared = ~np.isnan(np.stack([mean_over_folds(values) for values in arrays.values()])).any(axis=0)
    means = {name: _mean(mean_over_folds(values)[shared]) for name, values in arrays.items()}
    seconds = {name: _mean(mean_over_folds(values)[shared]) for name, values in times.items()}
    ranked = {n: m if not is_missing(m) else float(np.nanmean(arrays[n])) for n, m in means.items()}
    order = sorted(names, key=lambda name: -ranked[name])
    best = arrays[order[0]]
    networks = tidy.groupby("configuration")["backbone"].first()
    rows = []
    for name in order:
        own = name == order[0]
        gap = mean_contrast(arrays[name], best)
        tau = agreement(mean_over_folds(arrays[name]), best, "weighted_tau", per_target=True)
        rows.append(
            {
                "configuration": name,
                "auc": means[name],
                "difference": float("nan") if own else gap.mean,
                "low": float("nan") if own else gap.low,
                "high": float("nan") if own else gap.high,
                "pairs": int((~np.isnan(mean_over_folds(arrays[name]))).sum()) if own else gap.pairs,
                "weighted_tau": float("nan") if own else tau.value,
                "tau_low": float("nan") if own else tau.low,
                "tau_high": float("nan") if own else tau.high,
                "in_practice": "" if own else in_practice(gap),
                "parameters": (parameters or {}).get(str(networks[name])),
                "seconds": seconds[name],
            }
        )
    frame = pd.DataFrame(rows)
    frame["difference_said"] = [_said(row, "difference", "low", "high") for row in rows]
    frame["tau_said"] = [_said(row, "weighted_tau", "tau_low", "tau_high") for row in rows]
    return Table(
        "configurations",
        "Against each other",
        "Mean AUC over the pairs that all share, and the difference from the first in AUC, paired by fold, with "
        "its 90 % interval from targets and folds drawn again. In practice: as good where the whole interval lies "
        "within half an AUC point, worse where it lies below that, else undecided. Order of sources: weighted τ of "
        "the two orders, mean over targets; 1 is the same order, so that what one finds holds for the other. Time: "
        "mean of one fold’s fine-tuning over the same pairs.",
        frame,
        {
            "configuration": "Configuration",
            "auc": "AUC",
            "difference_said": "From the first",
            "in_practice": "In practice",
            "tau_said": "Order of sources",
            "pairs": "Pairs",
            **({"parameters": "Million weights"} if frame["parameters"].notna().any() else {}),
            "seconds": "Time per fold",
        },
        {
            "auc": number,
            "difference_said": str,
            "tau_said": str,
            "pairs": lambda n: f"{int(n)}",
            "parameters": lambda n: MISSING if is_missing(n) else number(n / 1e6, 1),
            "seconds": lambda s: MISSING if is_missing(s) else duration(float(s)),
        },
        words=frozenset({"in_practice"}),
    )


def in_practice(gap: Contrast, rope: float = ROPE) -> str:
    """What a difference from the best means where less than `rope` makes none, by where its whole interval lies."""
    if is_missing(gap.low):
        return ""
    if max(abs(gap.low), abs(gap.high)) <= rope:
        return "as good"
    return "worse" if gap.high < -rope else "better" if gap.low > rope else "undecided"


def against_sentences(table: Table) -> list[str]:
    """The table of configurations in words, a sentence for each that is not the first."""
    first, *others = table.rows
    return [_sentence(row, first) for row in others if row["in_practice"]]


def _sentence(row: Mapping[str, Any], first: Mapping[str, Any]) -> str:
    means = {
        "as good": "that is as good in practice",
        "worse": "that is worse in practice",
        "better": "that is better in practice",
        "undecided": "whether that matters in practice is undecided",
    }
    cheaper = []
    if row["parameters"] and first["parameters"] and row["parameters"] != first["parameters"]:
        cheaper.append(f"{number(row['parameters'] / first['parameters'], 2)} times the weights")
    if not (is_missing(row["seconds"]) or is_missing(first["seconds"])) and first["seconds"] > 0:
        cheaper.append(f"{number(row['seconds'] / first['seconds'], 2)} times the time")
    price = f", with {listed(cheaper)}" if cheaper else ""
    return (
        f"{row['configuration']} against {first['configuration']}: {row['difference_said']} AUC{price}; "
        f"{means[row['in_practice']]}."
    )


def _arrays(tidy: pd.DataFrame, names: list[str], column: str) -> list[Floats]:
    sources = list(dict.fromkeys(tidy["source_name"]))
    targets = list(dict.fromkeys(tidy["target_name"]))
    folds = sorted(set(tidy["fold"]))
    found = []
    for name in names:
        values = np.full((len(sources), len(targets), len(folds)), np.nan)
        for row in tidy[tidy["configuration"] == name].itertuples():
            place = sources.index(row.source_name), targets.index(row.target_name), folds.index(row.fold)
            values[place] = getattr(row, column)
        found.append(values)
    return found


def _mean(values: Floats) -> float:
    return float(values.mean()) if values.size else float("nan")


def _said(row: dict[str, Any], value: str, low: str, high: str) -> str:
    if is_missing(row[value]):
        return MISSING
    if is_missing(row[low]):
        return signed(row[value])
    return f"{signed(row[value])} [{signed(row[low])}, {signed(row[high])}]"
