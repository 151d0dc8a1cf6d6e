"""AUC by source, a panel per target: bars, standard deviations and folds (the paper's Figure 3)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import altair as alt
import pandas as pd

from whence.report.figures import (
    NAME_LIMIT,
    Figure,
    Panel,
    colour_scale,
    lookup,
    name_axis,
    panel_title,
    rows,
)
from whence.report.palette import INK, source_colours
from whence.report.tidy import panels_of, source_order
from whence.report.words import NONE, listed, plus_minus

CHANCE = 0.5
_TICKS = [number / 10 for number in range(11)]


def auc_bars(tidy: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """Mean test AUC of every source, a panel per target: bars, ± one standard deviation, and the folds (Figure 3).

    `tidy` and `summary` are the tables of `whence.report.tidy`.
    """
    colours = source_colours(source_order(summary))
    domain = [_axis_low(tidy["auc"]), max(1.0, float((summary["auc"] + summary["auc_sd"]).max()))]
    extent = min(NAME_LIMIT, 6.2 * max((len(name) for name in colours), default=0))
    panels = [
        _bars(
            _same(tidy, "target_name", target, configuration),
            part,
            target,
            configuration,
            colours,
            domain,
            extent,
        )
        for target, configuration, part in panels_of(summary)
    ]
    caption = (
        "Mean AUC on the test images of the held-out folds. Bars start at chance (0.5); black whiskers are ± one "
        "standard deviation over the folds; each circle is one fold. The dashed line is none, the baseline "
        "without transfer."
    )
    return Figure("auc_bars", "AUC by source", caption, panels)


def _bars(
    folds: pd.DataFrame,
    part: pd.DataFrame,
    target: str,
    configuration: str,
    colours: Mapping[str, str],
    domain: list[float],
    extent: float,
) -> Panel:
    order = list(part["source"])
    means = part.assign(
        low=part["auc"] - part["auc_sd"],
        high=part["auc"] + part["auc_sd"],
        label=[plus_minus(m, s) for m, s in zip(part["auc"], part["auc_sd"], strict=True)],
    )[["source", "source_full", "target", "auc", "low", "high", "label", "folds"]]
    points = folds.assign(number=folds["fold"] + 1, source_full=folds["source"], source=folds["source_name"])
    points = points[["source", "source_full", "target", "fold", "number", "auc"]]
    scale_y = alt.Scale(domain=order, paddingInner=0.25, paddingOuter=0.15)
    x = alt.X(
        "auc:Q",
        title="test AUC",
        scale=alt.Scale(domain=domain, nice=False, zero=False),
        axis=alt.Axis(format=".1f", values=_TICKS, labelFlush=False),
    )
    hidden = alt.Y("source:N", scale=scale_y, axis=None)
    base = alt.Chart(rows(means))
    bars = base.mark_bar(cornerRadiusEnd=1).encode(
        x=x,
        x2=alt.X2Datum(CHANCE),
        y=alt.Y("source:N", scale=scale_y, title=None, axis=name_axis(minExtent=extent)),
        color=alt.Color("source:N", scale=colour_scale(colours), legend=None),
        tooltip=[
            alt.Tooltip("source_full:N", title="source"),
            alt.Tooltip("target:N", title="target"),
            alt.Tooltip("label:N", title="AUC"),
            alt.Tooltip("folds:Q", title="folds"),
        ],
    )
    numbers = dict(zip(means["source"], means["label"], strict=True))
    numbers_axis = alt.Axis(
        orient="right", title=None, labelExpr=lookup(numbers), ticks=False, domain=False, labelPadding=6
    )
    right = base.mark_bar(opacity=0, tooltip=None).encode(
        x=x, x2=alt.X2Datum(CHANCE), y=alt.Y("source:N", scale=scale_y, axis=numbers_axis)
    )
    whiskers = base.mark_rule(color=INK, strokeWidth=1.4).encode(x=alt.X("low:Q"), x2="high:Q", y=hidden)
    ends = [
        base.mark_tick(color=INK, thickness=1.4, size=9).encode(x=alt.X(f"{end}:Q"), y=hidden)
        for end in ("low", "high")
    ]
    circles = [
        alt.Chart(rows(points[points["fold"] == fold]))
        .mark_circle(size=26, fill="white", stroke=INK, strokeWidth=0.9, opacity=0.95, yOffset=shift)
        .encode(
            x=x,
            y=hidden,
            tooltip=[
                alt.Tooltip("source_full:N", title="source"),
                alt.Tooltip("target:N", title="target"),
                alt.Tooltip("number:N", title="fold"),
                alt.Tooltip("auc:Q", title="AUC", format=".4f"),
            ],
        )
        for fold, shift in _fold_shifts(points["fold"])
    ]
    layers = [right, bars, whiskers, *ends, *circles]
    baseline = part.loc[part["source_full"] == NONE, "auc"]
    if len(baseline):
        line = alt.Chart(alt.InlineData(values=[{"auc": float(baseline.iloc[0])}]))
        layers.insert(2, line.mark_rule(color=INK, strokeDash=[4, 3], strokeWidth=1).encode(x=x))
    chart = alt.layer(*layers).resolve_axis(y="independent").properties(height=30 * len(order))
    said = listed([f"{name} {label}" for name, label in numbers.items()], most=30)
    title = panel_title(target, configuration)
    return Panel(title, chart, f"Bars of the mean test AUC on {title}: {said}.", target=target)


def _fold_shifts(folds: pd.Series) -> list[tuple[int, float]]:
    """Each fold with the pixels by which its circle is moved off the middle of its bar."""
    numbers = sorted(set(folds))
    step = min(4.0, 16 / max(len(numbers) - 1, 1))
    return [(fold, round((i - (len(numbers) - 1) / 2) * step, 2)) for i, fold in enumerate(numbers)]


def _axis_low(aucs: pd.Series) -> float:
    lowest = float(aucs.min())
    return min(CHANCE, math.floor((lowest - 0.005) * 10) / 10)


def _same(tidy: pd.DataFrame, column: str, target: str, configuration: str) -> pd.DataFrame:
    chosen = tidy[(tidy[column] == target) & (tidy["configuration"] == configuration)]
    return chosen.assign(target=chosen[column])
