"""Does more data help? AUC over the number of images, where a study has a dataset in several sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from whence.data.address import parse_address
from whence.errors import InputError
from whence.report.figures import Figure, Panel, colour_scale, panel_title, rows
from whence.report.palette import source_colours, source_dashes
from whence.report.tidy import source_order
from whence.report.words import display_names, listed, number, plus_minus


def size_of(name: str) -> tuple[str, int] | None:
    """`(dataset, images)` of a name such as `paper:dtd[n=1000]`; None where no number of images is asked for."""
    try:
        address = parse_address(name)
    except InputError:
        return None
    options = dict(address.options)
    if not options.get("n", "").isdigit():
        return None
    rest = type(address)(address.base, tuple(option for option in address.options if option[0] != "n"))
    return str(rest), int(options["n"])


def ladder_figure(tidy: pd.DataFrame, summary: pd.DataFrame, datasets: Sequence[Mapping[str, Any]]) -> Figure:
    """AUC over the number of images, where a study has a dataset in several sizes: as target or as source.

    The whole dataset, if it is in the study, is the last step.
    """
    images = {str(one.get("name")): one.get("images") for one in datasets}
    panels = [
        *_ladders(tidy, summary, "target", "source_name", images),
        *_ladders(tidy, summary, "source", "target_name", images),
    ]
    caption = (
        "Mean test AUC over the number of images, on a logarithmic scale; whiskers are ± one standard deviation "
        "over the folds. Lines are named in the legend and by their shape."
    )
    return Figure("size_ladder", "Does more data help?", caption, panels)


def _ladders(
    tidy: pd.DataFrame, summary: pd.DataFrame, varied: str, line: str, images: Mapping[str, Any]
) -> list[Panel]:
    steps = {name: size_of(str(name)) for name in tidy[varied].unique()}
    bases = dict.fromkeys(step[0] for step in steps.values() if step)
    panels = []
    for base in bases:
        sizes = {name: step[1] for name, step in steps.items() if step and step[0] == base}
        if base in steps and images.get(base):
            sizes[base] = int(images[base])
        if len(sizes) < 2:
            continue
        part = tidy[tidy[varied].isin(sizes)]
        part = part.assign(images=part[varied].map(sizes))
        name, role = display_names([base])[base], "target" if varied == "target" else "source"
        for configuration, own in part.groupby("configuration", sort=False):
            table = own.groupby([line, "images"], sort=False)["auc"].agg(["mean", "std", "size"])
            title = panel_title(f"{name} as {role}", str(configuration))
            panels.append(_lines(table.reset_index().rename(columns={line: "line"}), title, summary))
    return panels


def _lines(table: pd.DataFrame, title: str, summary: pd.DataFrame) -> Panel:
    names = list(dict.fromkeys(table["line"]))
    known = [name for name in source_order(summary) if name in names]
    order = [*known, *(name for name in names if name not in known)]
    table = table.assign(
        low=table["mean"] - table["std"].fillna(0),
        high=table["mean"] + table["std"].fillna(0),
        said=[plus_minus(m, s) for m, s in zip(table["mean"], table["std"], strict=True)],
    )
    ticks = sorted(set(table["images"]))
    x = alt.X("images:Q", title="images", scale=alt.Scale(type="log", nice=False, padding=14))
    x = x.axis(values=ticks, grid=False, format=",d", labelOverlap="greedy")
    y = alt.Y("mean:Q", title="test AUC", scale=alt.Scale(zero=False))
    colours, dashes = source_colours(order), source_dashes(order)
    legend = alt.Legend(title=None, orient="top", columns=3, symbolType="stroke", labelLimit=200)
    base = alt.Chart(rows(table)).encode(
        x=x,
        color=alt.Color("line:N", scale=colour_scale(colours), legend=legend, sort=order),
        tooltip=[
            alt.Tooltip("line:N", title="name"),
            alt.Tooltip("images:Q", format=",d"),
            alt.Tooltip("said:N", title="AUC"),
            alt.Tooltip("size:Q", title="folds"),
        ],
    )
    dash = alt.StrokeDash(
        "line:N", scale=alt.Scale(domain=list(dashes), range=list(dashes.values())), legend=legend
    )
    chart = alt.layer(
        base.mark_rule(strokeWidth=1.2).encode(y=alt.Y("low:Q", title="test AUC"), y2="high:Q"),
        base.mark_line(strokeWidth=2).encode(y=y, strokeDash=dash),
        base.mark_circle(size=50, opacity=1).encode(y=y),
    ).properties(height=260)
    ends = [f"{row.line} {number(row.mean)} with {row.images}" for row in table.itertuples()]
    return Panel(
        title, chart, f"Lines of the test AUC over the number of images, {title}: {listed(ends, most=40)}."
    )
