"""Transferability over a measure (the paper's Figure 4): every pair a point with its name, a line with its band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from whence.report.figures import Panel, rows
from whence.report.labels import FONT_SIZE, Label, place
from whence.report.palette import FAINT, INK, OKABE_ITO, RULE
from whence.stats import Band, regression_band

WIDE, NARROW = 640, 280  # of the plot, in pixels: on a screen or a sheet, and on a telephone
SHAPES = (
    "circle",
    "square",
    "triangle-up",
    "diamond",
    "cross",
    "triangle-down",
    "triangle-right",
    "triangle-left",
)
_MARGIN = 0.06  # of the data's range, on either side
_LEAST, _HIGHEST = 340, 2400  # of a plot, in pixels


def scatter_panel(title: str, points: pd.DataFrame, x_title: str, y_title: str, alt_text: str) -> Panel:
    """A panel of points with names that do not overlap, drawn for a wide and for a narrow place.

    `points` has columns source, target, x, y, and said (what its tooltip says of folds). Colour and shape tell the
    target. The line is least squares with its 95 % band, drawn where x varies and there are three points or more.
    """

    def draw(width: int) -> Any:
        return _chart(points, x_title, y_title, width)

    return Panel(title, draw(WIDE), alt_text, narrow=draw(NARROW), fixed=True)


def _chart(points: pd.DataFrame, x_title: str, y_title: str, width: int) -> Any:
    xs, ys = points["x"].to_numpy(dtype=float), points["y"].to_numpy(dtype=float)
    x_domain, y_domain = _domain(xs), _domain(np.append(ys, 0.0))
    band = _band(xs, ys)
    height, labels = _placed(points, x_domain, y_domain, width, band)
    targets = list(dict.fromkeys(points["target"]))
    x = alt.X(
        "x:Q",
        title=x_title,
        scale=alt.Scale(domain=x_domain, nice=False, zero=False),
        axis=alt.Axis(tickCount=6 if width > 400 else 4, grid=False),
    )
    y_scale = alt.Scale(domain=y_domain, nice=False, zero=False)
    y = alt.Y("y:Q", title=y_title, scale=y_scale, axis=alt.Axis(tickCount=7))
    legend = alt.Legend(
        title=None, orient="top", direction="horizontal", columns=3 if width > 400 else 1, symbolSize=70
    )
    marks = (
        alt.Chart(rows(points[["source", "target", "x", "y", "said"]]))
        .mark_point(size=70, filled=False, opacity=1, strokeWidth=1.9)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "target:N", scale=alt.Scale(domain=targets, range=colours(targets)), legend=legend
            ),
            shape=alt.Shape(
                "target:N", scale=alt.Scale(domain=targets, range=shapes(targets)), legend=legend
            ),
            tooltip=[
                alt.Tooltip("source:N", title="source"),
                alt.Tooltip("target:N", title="target"),
                alt.Tooltip("x:Q", title=x_title, format=".4~g"),
                alt.Tooltip("y:Q", title=y_title, format="+.2f"),
                alt.Tooltip("said:N", title="AUC"),
            ],
        )
    )
    zero = alt.Chart(alt.InlineData(values=[{"y": 0}])).mark_rule(color=RULE, strokeWidth=1.2).encode(y=y)
    frame = _Frame(x_domain, y_domain, width, height)
    layers = [*_line(band, y_domain, x, y_scale), zero, *_names(labels, frame, x, y), marks]
    return alt.layer(*layers).properties(width=width, height=height)


def colours(targets: Sequence[str]) -> list[str]:
    """A colour per target."""
    return [OKABE_ITO[i % len(OKABE_ITO)] for i in range(len(targets))]


def shapes(targets: Sequence[str]) -> list[str]:
    """A shape per target, so that nobody depends on colours."""
    return [SHAPES[i % len(SHAPES)] for i in range(len(targets))]


def _domain(values: np.ndarray) -> list[float]:
    low, high = float(values.min()), float(values.max())
    margin = _MARGIN * (high - low) or 0.05 * abs(high) or 0.5
    return [low - margin, high + margin]


@dataclass(frozen=True)
class _Frame:
    """Where a value stands in the plot, and what value stands at a place."""

    x: list[float]
    y: list[float]
    width: int
    height: int

    def place(self, x: float, y: float) -> tuple[float, float]:
        return (
            (x - self.x[0]) / (self.x[1] - self.x[0]) * self.width,
            (self.y[1] - y) / (self.y[1] - self.y[0]) * self.height,
        )

    def value(self, px: float, py: float) -> tuple[float, float]:
        return (
            self.x[0] + px / self.width * (self.x[1] - self.x[0]),
            self.y[1] - py / self.height * (self.y[1] - self.y[0]),
        )


def _placed(
    points: pd.DataFrame, x_domain: list[float], y_domain: list[float], width: int, band: Band | None
) -> tuple[int, list[Label]]:
    """The least height, in steps, at which every name has room; beyond `_HIGHEST` there are no names."""
    height = _LEAST
    while height <= _HIGHEST:
        frame = _Frame(x_domain, y_domain, width, height)
        at = [frame.place(x, y) for x, y in zip(points["x"], points["y"], strict=True)]
        ends = [(band.at[i], band.line[i]) for i in (0, -1)] if band else []
        line = [(frame.place(*ends[0]), frame.place(*ends[1]))] if ends else []
        if labels := place(at, list(points["source"]), width, height, line):
            return height, labels
        height = round(height * 1.15)
    return _LEAST, []


def _names(labels: Sequence[Label], frame: _Frame, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    if not labels:
        return []
    texts, leaders = [], []
    for label in labels:
        at = frame.value(label.left, label.middle)
        texts.append({"x": at[0], "y": at[1], "name": label.text})
        if label.led:
            start, end = frame.value(*label.start), frame.value(*label.end)
            leaders.append({"x": start[0], "y": start[1], "x2": end[0], "y2": end[1]})
    names = alt.Chart(alt.InlineData(values=texts)).mark_text(
        align="left", baseline="middle", fontSize=FONT_SIZE, color=INK, tooltip=None
    )
    lines = alt.Chart(alt.InlineData(values=leaders)).mark_rule(color=FAINT, strokeWidth=0.7, opacity=0.7)
    return [lines.encode(x=x, y=y, x2="x2", y2="y2")] * bool(leaders) + [
        names.encode(x=x, y=y, text="name:N")
    ]


def _band(xs: np.ndarray, ys: np.ndarray) -> Band | None:
    if len(xs) < 3 or xs.min() == xs.max():
        return None
    return regression_band(xs, ys, np.linspace(xs.min(), xs.max(), 41))


def _line(band: Band | None, y_domain: list[float], x: alt.X, y_scale: alt.Scale) -> list[alt.Chart]:
    if band is None:
        return []
    low, high = (np.clip(edge, y_domain[0], y_domain[1]) for edge in (band.low, band.high))
    base = alt.Chart(rows(pd.DataFrame({"x": band.at, "y": band.line, "low": low, "high": high}).round(6)))
    return [
        base.mark_area(color=INK, opacity=0.09, tooltip=None).encode(
            x=x, y=alt.Y("low:Q", scale=y_scale), y2="high"
        ),
        base.mark_line(color=INK, strokeWidth=1.5, tooltip=None).encode(x=x, y=alt.Y("y:Q", scale=y_scale)),
    ]
