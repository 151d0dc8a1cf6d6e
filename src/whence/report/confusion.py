"""Which classes are taken for which: confusion matrices over all folds, from the stored predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import altair as alt
import numpy as np
import pandas as pd

from whence.report.figures import Figure, Panel, panel_title, rows
from whence.report.palette import INK
from whence.report.tidy import panels_of
from whence.stats import confusion

_CELL = 34  # pixels, at least
_FEW = 15  # classes of which every cell has its number


def confusion_matrices(
    predictions: pd.DataFrame, tidy: pd.DataFrame, classes: Mapping[str, Sequence[str]] | None = None
) -> Figure:
    """A panel per target, configuration and source: how many test images of each class were taken for each class.

    `predictions` has the fields of `Prediction`, `tidy` those of `tidy_outcomes`; they join on `job`. `classes` names
    the classes of a target (its `target_name`); without it they are numbered.
    """
    keys = ["job", "target_name", "configuration", "source_name"]
    joined = tidy[keys].drop_duplicates().merge(predictions, on="job", how="inner")
    panels = []
    for target, configuration, part in panels_of(joined, "target_name"):
        for source, own in part.groupby("source_name", sort=False):
            probabilities = np.array(own["probabilities"].tolist())
            table = confusion(own["label"], probabilities)
            names = (classes or {}).get(target) or [str(number) for number in range(len(table))]
            panel = _panel(table, list(names), f"{source} → {panel_title(target, configuration)}")
            panels.append(replace(panel, target=target))
    caption = (
        "Test images of all folds by their class (rows) and by the class they were taken for (columns). Colours are "
        "shares of a row: a perfect network has a dark diagonal."
    )
    return Figure("confusion", "What is taken for what", caption, panels, columns=2, switch="target")


def _panel(table: np.ndarray, names: list[str], title: str) -> Panel:
    totals = table.sum(axis=1)
    cells = pd.DataFrame(
        [
            {"true": t, "told": p, "count": int(table[i, j]), "share": float(table[i, j] / max(totals[i], 1))}
            for i, t in enumerate(names)
            for j, p in enumerate(names)
        ]
    )
    above = alt.Axis(orient="top", labelAngle=-40, labelLimit=120, ticks=False)
    base = alt.Chart(rows(cells)).encode(
        x=alt.X("told:N", sort=names, title="taken for", axis=above),
        y=alt.Y("true:N", sort=names, title="true class", axis=alt.Axis(labelLimit=140, ticks=False)),
        tooltip=[
            alt.Tooltip("true:N", title="true class"),
            alt.Tooltip("told:N", title="taken for"),
            alt.Tooltip("count:Q", title="images"),
            alt.Tooltip("share:Q", title="share of its class", format=".1%"),
        ],
    )
    shades = alt.Scale(domain=[0, 0.5, 1], range=["#f5f8fc", "#6baed6", "#08467f"])
    layers = [base.mark_rect(stroke="white").encode(color=alt.Color("share:Q", scale=shades, legend=None))]
    if len(names) <= _FEW:
        dark = alt.condition("datum.share > 0.6", alt.value("white"), alt.value(INK))
        layers.append(base.mark_text().encode(text="count:Q", color=dark))
    right = int(np.trace(table))
    said = f"Confusion matrix, {title}: {right} of {int(totals.sum())} test images right."
    chart = alt.layer(*layers).properties(height=max(_CELL, 240 // len(names)) * len(names))
    return Panel(title, chart, said, min_width=_CELL * len(names) + 160)
