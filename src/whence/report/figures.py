"""The figures of a study, one definition each: the same chart is drawn in the page and exported as SVG and PDF."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from whence.report.palette import INK, source_colours
from whence.report.tidy import panels_of, source_order
from whence.report.words import NONE, NOT_MEASURED, listed, number, plus_minus

CHANCE = 0.5
HOVER = "hover"  # the style of marks that only carry a tooltip; an exported figure leaves them out
_UPRIGHT = 560  # pixels that names of targets may take side by side before they are slanted
_NAME_LIMIT = 170  # pixels that a name may take beside its bar


@dataclass(frozen=True)
class Panel:
    """One chart without a width, so that it fills its page or its sheet. `alt_text` says in words what it shows.

    A `fixed` chart has a width of its own, and `narrow` is the same for a telephone. `target` names the target that
    it is about, where that is one: a reader of the page can ask for one target only.
    """

    title: str
    chart: Any
    alt_text: str
    min_width: int = 280
    narrow: Any = None
    fixed: bool = False
    target: str = ""

    @property
    def key(self) -> str:
        """What a reader chooses it by: its target, or else its title."""
        return self.target or self.title


@dataclass(frozen=True)
class Figure:
    """Panels that belong together under one caption; `columns` of them stand side by side where there is room.

    Of a figure with a `switch`, such as "measure", a page shows the panels of one `key` at a time.
    """

    name: str
    title: str
    caption: str
    panels: list[Panel]
    columns: int = 1
    switch: str = ""

    @property
    def keys(self) -> list[str]:
        """What a reader chooses between, where the figure has a switch."""
        return list(dict.fromkeys(panel.key for panel in self.panels)) if self.switch else []


def auc_bars(tidy: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """Mean test AUC of every source, a panel per target: bars, ± one standard deviation, and the folds (Figure 3).

    `tidy` and `summary` are the tables of `whence.report.tidy`.
    """
    colours = source_colours(source_order(summary))
    low = _axis_low(tidy["auc"])
    extent = min(_NAME_LIMIT, 6.2 * max((len(name) for name in colours), default=0))
    panels = [
        _bars(
            _same(tidy, "target_name", target, configuration),
            part,
            target,
            configuration,
            colours,
            low,
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


def auc_heat_map(summary: pd.DataFrame) -> Figure:
    """Mean test AUC of every source × target, a panel per configuration, the number in its cell."""
    order = source_order(summary)
    panels = [_heat(part, str(name), order) for name, part in summary.groupby("configuration", sort=False)]
    caption = "Mean AUC of each source (row) on each target (column). Bold: the best of its column. –: not measured."
    return Figure("auc_heat_map", "Sources × targets", caption, panels)


def rows(frame: pd.DataFrame) -> alt.InlineData:
    """A table as inline data of a chart; a missing number becomes null."""
    plain = frame.astype(object).where(frame.notna(), None)
    return alt.InlineData(
        values=[{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]
    )


def lookup(labels: Mapping[str, str]) -> str:
    """A Vega expression that gives each value of an axis its label."""
    return f"({json.dumps(dict(labels))})[datum.value]"


def panel_title(*parts: str) -> str:
    """The title of a panel, from the parts that are not empty."""
    return " · ".join(part for part in parts if part)


def colour_scale(colours: Mapping[str, str]) -> alt.Scale:
    """A source's colour, without a legend's help."""
    return alt.Scale(domain=list(colours), range=list(colours.values()))


def _bars(
    folds: pd.DataFrame,
    part: pd.DataFrame,
    target: str,
    configuration: str,
    colours: Mapping[str, str],
    low: float,
    extent: float,
) -> Panel:
    order = list(part["source"])
    means = part.assign(
        low=part["auc"] - part["auc_sd"],
        high=part["auc"] + part["auc_sd"],
        label=[plus_minus(m, s) for m, s in zip(part["auc"], part["auc_sd"], strict=True)],
    )[["source", "source_full", "target", "auc", "low", "high", "label", "folds"]]
    points = folds[["source_name", "source", "target", "fold", "auc"]].rename(
        columns={"source": "source_full", "source_name": "source"}
    )
    scale_y = alt.Scale(domain=order, paddingInner=0.25, paddingOuter=0.15)
    x = alt.X(
        "auc:Q",
        title="test AUC",
        scale=alt.Scale(domain=[low, 1.0], nice=False, zero=False),
        axis=alt.Axis(format=".1f", tickCount=6, tickMinStep=0.1),
    )
    hidden = alt.Y("source:N", scale=scale_y, axis=None)
    base = alt.Chart(rows(means))
    bars = base.mark_bar(cornerRadiusEnd=1).encode(
        x=x,
        x2=alt.X2Datum(CHANCE),
        y=alt.Y("source:N", scale=scale_y, title=None, axis=_name_axis(minExtent=extent)),
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
                alt.Tooltip("fold:N", title="fold"),
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
    low, high = float(part["auc"].min()), float(part["auc"].max())
    dark = low + 0.7 * (high - low)  # from here on white is the easier text to read
    longest = 7 * max(map(len, targets)) + 6
    slanted = longest * len(targets) > _UPRIGHT
    base = alt.Chart(rows(cells)).encode(
        x=alt.X(
            "target:N",
            sort=targets,
            title=None if slanted else "target",
            axis=_name_axis(orient="top", labelAngle=-35 if slanted else 0),
        ),
        y=alt.Y("source:N", sort=sources, title=None, axis=_name_axis()),
        tooltip=[
            alt.Tooltip("source:N", title="source"),
            alt.Tooltip("target:N", title="target"),
            alt.Tooltip("said:N", title="AUC"),
        ],
    )
    shades = alt.Scale(domain=[low, (low + high) / 2, high], range=["#eaf2fb", "#6baed6", "#08467f"])
    measured = base.transform_filter("isValid(datum.auc)")
    tiles = [
        base.mark_rect(color="#f2f3f5", stroke="white", strokeWidth=2),
        measured.mark_rect(stroke="white", strokeWidth=2).encode(
            color=alt.Color("auc:Q", scale=shades, legend=None)
        ),
    ]
    texts = [
        base.transform_filter(alt.datum.weight == weight)
        .mark_text(fontWeight=weight)
        .encode(
            text="label:N",
            color=alt.condition(f"datum.auc > {dark}", alt.value("white"), alt.value(INK)),
        )
        for weight in ("normal", "bold")
    ]
    chart = alt.layer(*tiles, *texts).properties(height=30 * len(sources))
    width = round(7 * max(map(len, sources)) + len(targets) * (46 if slanted else longest))
    said = f"Table of colours: the mean AUC of {len(sources)} sources on {len(targets)} targets."
    return Panel(configuration, chart, said, min_width=width)


def _name_axis(**more: Any) -> alt.Axis:
    return alt.Axis(
        ticks=False, domain=False, labelPadding=6, labelLimit=_NAME_LIMIT, labelOverlap=False, **more
    )


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
