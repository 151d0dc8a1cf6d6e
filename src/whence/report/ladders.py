"""What a study varies on purpose: the number of images, the strength of augmentation, the share of a mixture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from whence.data.address import mixture, parse_address
from whence.errors import InputError
from whence.report.figures import Figure, Panel, colour_scale, rows
from whence.report.palette import INK, source_colours, source_dashes
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
        table = part.groupby([line, "configuration", "images"], sort=False)["auc"].agg(
            ["mean", "std", "size"]
        )
        name = display_names([base])[base]
        role = "target" if varied == "target" else "source"
        panels.append(
            _lines(table.reset_index().rename(columns={line: "line"}), f"{name} as {role}", summary)
        )
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


def share_of(name: str) -> tuple[str, float] | None:
    """`(mixture, share of its first dataset)` of a name such as `mix(paper:dtd, paper:isic2018, ratio=1:3)`."""
    try:
        inside = mixture(parse_address(name).base)
    except InputError:
        return None
    if inside is None:
        return None
    parts, options = inside
    given = dict(options).get("ratio", "")
    ratio = [float(number) for number in given.split(":")] if given else []
    if len(parts) != 2 or len(ratio) != 2:
        return None
    return " + ".join(display_names(parts).values()), ratio[0] / sum(ratio)


def augmentation_figure(tidy: pd.DataFrame, recipes: Mapping[str, Mapping[str, Any]]) -> Figure:
    """AUC over the strength of augmentation × the share of a mixture, a panel per target and mixture.

    `recipes` gives the settings of a recipe's name. Where there is no mixture, each source is a column of its own. The
    figure has no panels where one strength only was tried.
    """
    caption = (
        "Mean test AUC of each strength of augmentation (rows; 1 is the paper’s, 0 none) and source (columns; of a "
        "mixture the share of its first dataset). Bold: the best of the panel."
    )
    strength = {name: _strength(settings) for name, settings in recipes.items()}
    table = tidy.assign(strength=tidy["recipe"].map(strength))
    table = table[table["strength"].notna()]
    if table.empty or table["strength"].nunique() < 2:
        return Figure("augmentation", "Augmentation and mixtures", caption, [])
    mixed = [share_of(str(name)) for name in table["source"]]
    table["family"] = [one[0] if one else "" for one in mixed]
    table["column"] = [
        f"{100 * one[1]:.0f} %" if one else name
        for one, name in zip(mixed, table["source_name"], strict=True)
    ]
    table["place"] = [one[1] if one else -1.0 for one in mixed]
    panels = []
    for (target, family), part in table.groupby(["target_name", "family"], sort=False):
        means = (
            part.groupby(["strength", "column", "place"])["auc"].agg(["mean", "std", "size"]).reset_index()
        )
        panels.append(_strengths(means, f"{target} · {family}" if family else str(target), str(target)))
    return Figure("augmentation", "Augmentation and mixtures", caption, panels)


def _strength(settings: Mapping[str, Any]) -> float | None:
    augmentation = settings.get("augmentation")
    return float(augmentation["strength"]) if isinstance(augmentation, Mapping) else None


def _strengths(means: pd.DataFrame, title: str, target: str) -> Panel:
    best = means["mean"].max()
    means = means.assign(
        label=means["mean"].map(number),
        said=[plus_minus(m, s) for m, s in zip(means["mean"], means["std"], strict=True)],
        weight=["bold" if value == best else "normal" for value in means["mean"]],
        row=[f"{value:g}" for value in means["strength"]],
    )
    low, high = float(means["mean"].min()), float(best)
    columns = list(dict.fromkeys(means.sort_values("place", kind="stable")["column"]))
    strengths = [f"{value:g}" for value in sorted(set(means["strength"]))]
    axis: dict[str, Any] = {"ticks": False, "domain": False, "labelPadding": 6, "labelLimit": 150}
    base = alt.Chart(rows(means)).encode(
        x=alt.X("column:N", sort=columns, title="source", axis=alt.Axis(orient="top", labelAngle=0, **axis)),
        y=alt.Y("row:N", sort=strengths, title="strength of augmentation", axis=alt.Axis(**axis)),
        tooltip=[
            alt.Tooltip("column:N", title="source"),
            alt.Tooltip("row:N", title="strength"),
            alt.Tooltip("said:N", title="AUC"),
            alt.Tooltip("size:Q", title="folds"),
        ],
    )
    shades = alt.Scale(domain=[low, (low + high) / 2, high or 1], range=["#eaf2fb", "#6baed6", "#08467f"])
    light = f"datum.mean > {low + 0.7 * (high - low)}"
    texts = [
        base.transform_filter(alt.datum.weight == weight)
        .mark_text(fontWeight=weight)
        .encode(text="label:N", color=alt.condition(light, alt.value("white"), alt.value(INK)))
        for weight in ("normal", "bold")
    ]
    tiles = base.mark_rect(stroke="white", strokeWidth=2).encode(
        color=alt.Color("mean:Q", scale=shades, legend=None)
    )
    chart = alt.layer(tiles, *texts).properties(height=34 * len(strengths))
    told = [f"strength {row.row}, {row.column}: {row.label}" for row in means.itertuples()]
    return Panel(title, chart, f"Table of colours, {title}: {listed(told, most=60)}.", target=target)
