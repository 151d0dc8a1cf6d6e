"""Networks, recipes, seeds or studies against each other, over the sources and targets that they share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from whence.report.arrays import Floats
from whence.report.table import Table
from whence.report.words import MISSING, duration, is_missing, number, signed
from whence.stats import agreement, mean_contrast, mean_over_folds


def configurations_table(tidy: pd.DataFrame) -> Table | None:
    """Every configuration beside the one with the highest AUC; None where there is one only.

    AUCs are compared over the pairs and folds that two configurations share; orders of sources over the targets where
    they share at least three.
    """
    names = [str(name) for name in dict.fromkeys(tidy["configuration"])]
    if len(names) < 2:
        return None
    arrays = dict(zip(names, _arrays(tidy, names), strict=True))
    shared = ~np.isnan(np.stack([mean_over_folds(values) for values in arrays.values()])).any(axis=0)
    means = {name: _mean(mean_over_folds(values)[shared]) for name, values in arrays.items()}
    ranked = {n: m if not is_missing(m) else float(np.nanmean(arrays[n])) for n, m in means.items()}
    order = sorted(names, key=lambda name: -ranked[name])
    best = arrays[order[0]]
    seconds = tidy.groupby("configuration")["seconds"].mean()
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
                "seconds": float(seconds[name]),
            }
        )
    frame = pd.DataFrame(rows)
    frame["difference_said"] = [_said(row, "difference", "low", "high") for row in rows]
    frame["tau_said"] = [_said(row, "weighted_tau", "tau_low", "tau_high") for row in rows]
    return Table(
        "configurations",
        "Against each other",
        "Mean AUC over the pairs that all share, and the difference from the first in AUC, paired by fold, with "
        "its 90 % interval from targets and folds drawn again. Order of sources: weighted τ of the two orders, "
        "mean over targets; 1 is the same order, so that what one finds holds for the other. Time: mean of one "
        "fold’s fine-tuning.",
        frame,
        {
            "configuration": "Configuration",
            "auc": "AUC",
            "difference_said": "From the first",
            "tau_said": "Order of sources",
            "pairs": "Pairs",
            "seconds": "Time per fold",
        },
        {
            "auc": number,
            "difference_said": str,
            "tau_said": str,
            "pairs": lambda n: f"{int(n)}",
            "seconds": lambda s: MISSING if is_missing(s) else duration(float(s)),
        },
    )


def _arrays(tidy: pd.DataFrame, names: list[str]) -> list[Floats]:
    sources = list(dict.fromkeys(tidy["source_name"]))
    targets = list(dict.fromkeys(tidy["target_name"]))
    folds = sorted(set(tidy["fold"]))
    found = []
    for name in names:
        values = np.full((len(sources), len(targets), len(folds)), np.nan)
        for row in tidy[tidy["configuration"] == name].itertuples():
            place = sources.index(row.source_name), targets.index(row.target_name), folds.index(row.fold)
            values[place] = row.auc
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
