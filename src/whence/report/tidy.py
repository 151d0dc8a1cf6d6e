"""Outcomes made ready to be shown: named, compared with `none` fold by fold, and summed up over folds.

A configuration is a (study, backbone, recipe, seed). Outcomes of two configurations are never pooled.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from whence.report.forms import AUC, Form
from whence.report.words import NONE, display_names

_CONFIGURATION = ["study", "backbone", "recipe", "seed"]


def tidy_outcomes(outcomes: pd.DataFrame, form: Form = AUC) -> pd.DataFrame:
    """Outcomes with an AUC, and four columns more.

    `source_name` and `target_name` are short and unique; `configuration` names what sets the configuration
    apart ("" when there is one only); `gain` is the transferability in percent, in the paper's form (equation (1)) or
    another `form`, against `none` on the same target, configuration and fold, and NaN where that was not measured.
    """
    text = dict.fromkeys(("source_recipe", "target_variant", "note"), "")  # empty in a CSV reads as NaN
    table = outcomes.fillna(text)
    for column in ("auc", form.column):
        table[column] = pd.to_numeric(table[column], errors="coerce")
    table = table[table["auc"].notna()].reset_index(drop=True)
    table["configuration"] = configuration_labels(table)
    table["source_name"] = _source_names(table)
    table["target_name"] = _target_names(table)
    fold = ["configuration", "target_name", "fold"]
    baseline = (
        table[table["source"] == NONE].groupby(fold)[form.column].mean().rename("baseline").reset_index()
    )
    table = table.merge(baseline, on=fold, how="left")
    table["gain"] = form.relative(table[form.column], table["baseline"])
    table.loc[table["source"] == NONE, "gain"] = float("nan")
    return table


def summarise(tidy: pd.DataFrame) -> pd.DataFrame:
    """One row per configuration, target and source: mean and standard deviation over the folds.

    Columns: `configuration, target, source` (the short names), `source_full`, `auc`, `auc_sd`, `folds`,
    `transferability`, `transferability_sd` (percent), `not_converged` (a count of folds). Transferability is the mean
    over folds of `tidy`'s gain over `none` on the same fold; NaN where `none` was not measured, and for `none` itself.
    The standard deviation has n − 1 in its denominator and is NaN for one fold. Rows keep the order of targets, then of
    configurations; within these the best source comes first and `none` last.
    """
    keys = ["configuration", "target_name", "source_name"]
    rows = tidy.groupby(keys, sort=False).agg(
        source_full=("source", "first"),
        auc=("auc", "mean"),
        auc_sd=("auc", "std"),
        folds=("auc", "size"),
        transferability=("gain", "mean"),
        transferability_sd=("gain", "std"),
        not_converged=("converged", lambda flags: int((~flags.astype(bool)).sum())),
    )
    rows = rows.reset_index().rename(columns={"target_name": "target", "source_name": "source"})
    rows["_target"] = pd.factorize(rows["target"])[0]
    rows["_configuration"] = pd.factorize(rows["configuration"])[0]
    rows["_last"] = rows["source_full"] == NONE
    by = ["_target", "_configuration", "_last", "auc"]
    rows = rows.sort_values(by, ascending=[True, True, True, False], kind="stable")
    return rows.drop(columns=by[:3]).reset_index(drop=True)


def panels_of(table: pd.DataFrame, target: str = "target") -> Iterator[tuple[str, str, pd.DataFrame]]:
    """The rows of each target and configuration, in order: `(target, configuration, rows)`."""
    for (name, configuration), part in table.groupby([target, "configuration"], sort=False):
        yield str(name), str(configuration), part


def source_order(summary: pd.DataFrame) -> list[str]:
    """One order of the sources for a whole page: by mean AUC relative to each target's average, `none` last."""
    if summary.empty:
        return []
    average = summary.groupby(["configuration", "target"])["auc"].transform("mean")
    relative = (summary["auc"] - average).groupby(summary["source"]).mean()
    baseline = set(summary.loc[summary["source_full"] == NONE, "source"])
    names = [str(name) for name in relative.sort_values(ascending=False, kind="stable").index]
    return [name for name in names if name not in baseline] + [name for name in names if name in baseline]


def configuration_labels(table: pd.DataFrame) -> pd.Series:
    """What sets each row's configuration apart from the others, "" when all rows share one."""
    differing = [column for column in _CONFIGURATION if table[column].nunique() > 1]
    labels = [
        " · ".join(f"seed {row[c]}" if c == "seed" else str(row[c]) for c in differing)
        for _, row in table[differing].iterrows()
    ]
    return pd.Series(labels if differing else "", index=table.index, dtype=object)


def _source_names(table: pd.DataFrame) -> pd.Series:
    short = display_names(table["source"].astype(str))
    # every network is pretrained anew: only two recipes within one configuration need telling apart
    distinct = table[["configuration", "source", "source_recipe"]].drop_duplicates()
    again = distinct.duplicated(["configuration", "source"])
    several = set(distinct.loc[again, "source"])
    names = [
        f"{short[source]} ({recipe or 'no recipe'})" if source in several else short[source]
        for source, recipe in zip(table["source"], table["source_recipe"], strict=True)
    ]
    return pd.Series(names, index=table.index, dtype=object)


def _target_names(table: pd.DataFrame) -> pd.Series:
    short = display_names(table["target"].astype(str))
    names = [
        f"{short[target]} [{variant}]" if variant else short[target]
        for target, variant in zip(table["target"], table["target_variant"], strict=True)
    ]
    return pd.Series(names, index=table.index, dtype=object)
