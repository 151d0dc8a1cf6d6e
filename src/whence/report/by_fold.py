"""Transferability fold by fold, and its mean: what every statistic of a page starts from."""

from __future__ import annotations

import pandas as pd

from whence.report.figures import panel_title
from whence.report.forms import AUC, Form
from whence.report.table import Table
from whence.report.tidy import panels_of, source_order, summarise
from whence.report.words import MISSING, NONE, gain, is_missing, signed


def transferability_table(tidy: pd.DataFrame, form: Form = AUC) -> Table:
    """A row per target, configuration and source, a column per fold; `form` is that of `tidy`'s transferability."""
    folds = sorted(set(tidy["fold"]))
    headings = {f"fold_{fold + 1}": f"Fold {fold + 1}" for fold in folds}
    order = source_order(summarise(tidy))
    rows = []
    for target, configuration, part in panels_of(tidy[tidy["source"] != NONE], "target_name"):
        wide = part.pivot_table(index="source_name", columns="fold", values="gain", dropna=False)
        for name in (name for name in order if name in wide.index):
            values = wide.loc[[name]].reindex(columns=folds).iloc[0]
            row = {"target": panel_title(target, configuration), "source": name}
            row |= dict(zip(headings, values, strict=True))
            rows.append(row | {"mean": values.mean(), "sd": values.std()})
    frame = pd.DataFrame(rows, columns=["target", "source", *headings, "mean", "sd"])
    frame["said"] = [gain(mean, sd) for mean, sd in zip(frame["mean"], frame["sd"], strict=True)]
    return Table(
        "transferability",
        "Transferability, fold by fold",
        f"Transferability is {form.definition}; of every fold against none on the same fold, and mean ± standard "
        "deviation over the folds.",
        frame,
        {"source": "Source", **headings, "said": "Mean"},
        dict.fromkeys(headings, _signed) | {"said": str},
        group="target",
    )


def _signed(value: float) -> str:
    return MISSING if is_missing(value) else signed(value, 1)
