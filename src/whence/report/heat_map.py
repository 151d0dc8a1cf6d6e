"""AUC of every source on every target, as a table of colours with the numbers in it."""

from __future__ import annotations

import math

import altair as alt
import pandas as pd

from whence.report.figures import Figure, Panel, name_axis, rows
from whence.report.palette import INK
from whence.report.tidy import source_order
from whence.report.words import NOT_MEASURED, number, plus_minus

_UPRIGHT = 560  # pixels that names of targets may take side by side before they are slanted


def auc_heat_map(summary: pd.DataFrame) -> Figure:
    """Mean test AUC of every source × target, a panel per configuration, the number in its cell."""
    order = source_order(summary)
    panels = [_heat(part, str(name), order) for name, part in summary.groupby("configuration", sort=False)]
    caption = "Mean AUC of each source (row) on each target (column). Bold: the best of its column. –: not measured."
    return Figure("auc_heat_map", "Sources × targets", caption, panels)


def _heat(part: pd.DataFrame, configuration: str, order: list[str]) -> Panel:
    targets = list(dict.fromkeys(part["target"]))
    sources = [name for name in order if name in set(part["source"])]
    grid = pd.MultiIndex.from_product([sources, targets], names=["source", "target"]).to_frame(index=False)
    cells = grid.merge(part[["source", "target", "source_full", "auc", "auc_sd", "folds"]], how="left")
    best = cells.groupby("target")["auc"].transform("max")
    cells["weight"] = ["bold" if a == b else "normal" for a, b in zip(cells["auc"], best, strict=True)]
    cells["label"] = [number(value) for value in cells["auc"]]
    cells["said"] = [
        NOT_MEASURED if math.isnan(m) else plus_minus(m, s)
        for m, s in zip(cells["auc"], cells["auc_sd"], strict=True)
    ]
    longest = 7 * max(map(len, targets)) + 6
    slanted = longest * len(targets) > _UPRIGHT
    base = alt.Chart(rows(cells)).encode(
        x=alt.X(
            "target:N",
            sort=targets,
            title=None if slanted else "target",
            axis=name_axis(orient="top", labelAngle=-35 if slanted else 0),
        ),
        y=alt.Y("source:N", sort=sources, title=None, axis=name_axis()),
        tooltip=[
            alt.Tooltip("source:N", title="source"),
            alt.Tooltip("target:N", title="target"),
            alt.Tooltip("said:N", title="AUC"),
        ],
    )
    blank = base.mark_rect(color="#f2f3f5", stroke="white", strokeWidth=2)
    chart = alt.layer(blank, *tiles(base, "auc", cells["auc"])).properties(height=30 * len(sources))
    width = round(7 * max(map(len, sources)) + len(targets) * (46 if slanted else longest))
    said = f"Table of colours: the mean AUC of {len(sources)} sources on {len(targets)} targets."
    return Panel(configuration, chart, said, min_width=width)


def tiles(base: alt.Chart, column: str, values: pd.Series) -> list[alt.Chart]:
    """Coloured cells with their numbers: `base` has the columns `column`, `label` and `weight` ("bold" or "normal")."""
    low, high = float(values.min()), float(values.max())
    dark = low + 0.7 * (high - low)  # from here on white is the easier text to read
    shades = alt.Scale(domain=[low, (low + high) / 2, high], range=["#eaf2fb", "#6baed6", "#08467f"])
    coloured = base.transform_filter(f"isValid(datum.{column})").mark_rect(stroke="white", strokeWidth=2)
    ink = alt.condition(f"datum.{column} > {dark}", alt.value("white"), alt.value(INK))
    texts = [
        base.transform_filter(alt.datum.weight == weight)
        .mark_text(fontWeight=weight)
        .encode(text="label:N", color=ink)
        for weight in ("normal", "bold")
    ]
    return [coloured.encode(color=alt.Color(f"{column}:Q", scale=shades, legend=None)), *texts]
