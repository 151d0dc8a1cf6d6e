"""Learning curves: how validation AUC and loss went, epoch by epoch, a line per source, named at its end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import altair as alt
import numpy as np
import pandas as pd

from whence.report.figures import HOVER, Figure, Panel, colour_scale, panel_title, rows
from whence.report.palette import source_colours, source_dashes
from whence.report.tidy import panels_of

_HEIGHT = 230
_LABEL_HEIGHT = 15
_QUANTITIES = {"validation_auc": "validation AUC", "loss": "training loss"}


def learning_curves(curves: pd.DataFrame, tidy: pd.DataFrame, order: Sequence[str]) -> Figure:
    """Validation AUC and training loss per epoch: two panels per target, a line per source = mean over folds.

    `curves` has the fields of `CurvePoint`, `tidy` those of `tidy_outcomes`; they join on `job`. `order` lists
    the sources. Without any curve of a job in `tidy` the figure has no panels.
    """
    keys = ["job", "target_name", "configuration", "source_name", "source"]
    joined = curves.merge(tidy[keys].drop_duplicates(), on="job", how="inner")
    panels: list[Panel] = []
    place = {name: number for number, name in enumerate(dict.fromkeys(tidy["target_name"]))}
    joined = joined.sort_values("target_name", key=lambda names: names.map(place), kind="stable")
    for target, configuration, part in panels_of(joined, "target_name"):
        for quantity, words in _QUANTITIES.items():
            means = _mean_over_folds(part, quantity)
            if not means.empty:
                panel = _panel(means, words, panel_title(target, configuration), order)
                panels.append(replace(panel, target=target))
    caption = (
        "Mean over the folds after each epoch; none of it steered the training. Lines are named at their end."
    )
    return Figure("learning_curves", "Learning curves", caption, panels, columns=2, switch="target")


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """The positions nearest to those given (in squares) that keep the order and a gap between neighbours.

    Pool-adjacent-violators on what is left of each position after its neighbours' gaps; used to keep labels apart.
    """
    order = np.argsort(positions, kind="stable")
    pools: list[list[float]] = []  # [mean, size]
    for rank, index in enumerate(order):
        pools.append([positions[index] - rank * gap, 1])
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            (a, n), (b, m) = pools[-2:]
            pools[-2:] = [[(a * n + b * m) / (n + m), n + m]]
    flat = [mean for mean, size in pools for _ in range(int(size))]
    placed = [0.0] * len(positions)
    for rank, index in enumerate(order):
        placed[index] = flat[rank] + rank * gap
    return placed


def _mean_over_folds(part: pd.DataFrame, quantity: str) -> pd.DataFrame:
    values = part.assign(value=pd.to_numeric(part[quantity], errors="coerce")).dropna(subset=["value"])
    grouped = values.groupby(["source_name", "epoch"], sort=False)["value"]
    means = grouped.agg(value="mean", folds="size").reset_index()
    return means.rename(columns={"source_name": "source"}).sort_values(["source", "epoch"])


def _panel(means: pd.DataFrame, words: str, title: str, order: Sequence[str]) -> Panel:
    sources = [name for name in order if name in set(means["source"])]
    colour = alt.Color("source:N", scale=colour_scale(source_colours(order)), legend=None)
    dashes = source_dashes(order)
    dash = alt.StrokeDash(
        "source:N", scale=alt.Scale(domain=list(dashes), range=list(dashes.values())), legend=None
    )
    height = max(_HEIGHT, _LABEL_HEIGHT * len(sources) + 10)
    low, high = _padded(float(means["value"].min()), float(means["value"].max()))
    ends = means.groupby("source").tail(1).set_index("source").loc[sources]
    per_pixel = (high - low) / height
    places = _kept_inside(spread(list(ends["value"]), _LABEL_HEIGHT * per_pixel), low, high)
    last = int(means["epoch"].max())
    edge = last + max(0.06 * (last - 1), 0.3)
    x = alt.X(
        "epoch:Q",
        title="epoch",
        scale=alt.Scale(domain=[1, edge], nice=False, zero=False),
        axis=alt.Axis(format="d", values=_epoch_ticks(last), grid=False),
    )
    scale_y = alt.Scale(domain=[low, high], nice=False, zero=False)
    axis_left = alt.Axis(tickCount=5, titleAnchor="end")
    base = alt.Chart(rows(means)).encode(
        x=x,
        y=alt.Y("value:Q", title=words, scale=scale_y, axis=axis_left),
        color=colour,
        tooltip=[
            alt.Tooltip("source:N", title="source"),
            alt.Tooltip("epoch:Q", title="epoch"),
            alt.Tooltip("value:Q", title=words, format=".4f"),
            alt.Tooltip("folds:Q", title="folds"),
        ],
    )
    lines = base.mark_line(strokeWidth=2).encode(strokeDash=dash)
    dots = base.mark_circle(size=60 if last == 1 else 30, opacity=1 if last == 1 else 0, style=HOVER).encode(
        y=alt.Y("value:Q", scale=scale_y, axis=None)
    )
    leaders = pd.DataFrame(
        [
            {"source": name, "epoch": e, "value": v}
            for name, (epoch, value), place in zip(
                sources, ends[["epoch", "value"]].values, places, strict=True
            )
            for e, v in ((float(epoch), float(value)), (edge, place))
        ]
    )
    ticks = {float(place): name for place, name in zip(places, sources, strict=True)}
    names = alt.Axis(
        orient="right",
        title=None,
        values=list(ticks),
        labelExpr=_name_at(ticks, per_pixel),
        ticks=False,
        domain=False,
        grid=False,
        labelPadding=4,
        labelLimit=150,
        labelOverlap=False,
    )
    pointers = (
        alt.Chart(rows(leaders))
        .mark_line(strokeWidth=1, opacity=0.8, tooltip=None)
        .encode(x=x, y=alt.Y("value:Q", scale=scale_y, axis=names), color=colour)
    )
    chart = alt.layer(lines, dots, pointers).resolve_axis(y="independent").properties(height=height)
    said = ", ".join(f"{name} {value:.3f}" for name, value in ends["value"].items())
    return Panel(
        f"{title}: {words}", chart, f"Lines of the {words} per epoch on {title}; at the end: {said}."
    )


def _epoch_ticks(last: int) -> list[int]:
    """Whole epochs to mark: each one when there are few, else every 2, 5, 10, 20, 50 …"""
    if last <= 8:
        return list(range(1, last + 1))
    step = next(s * 10**power for power in range(9) for s in (1, 2, 5) if last / (s * 10**power) <= 8)
    return list(range(step, last + 1, step))


def _name_at(ticks: dict[float, str], tolerance: float) -> str:
    """A Vega expression that names the tick at each place."""
    choices = [
        f"abs(datum.value - {place!r}) < {tolerance!r} ? {json.dumps(name)} : "
        for place, name in ticks.items()
    ]
    return "".join(choices) + "''"


def _kept_inside(places: list[float], low: float, high: float) -> list[float]:
    if max(places) > high:
        places = [place - (max(places) - high) for place in places]
    if min(places) < low:
        places = [place + (low - min(places)) for place in places]
    return places


def _padded(low: float, high: float) -> tuple[float, float]:
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 0.05
    return low - margin, high + margin
