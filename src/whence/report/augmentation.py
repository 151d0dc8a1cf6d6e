"""AUC over the strength of augmentation × the share of a mixture: where do both stop helping?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import altair as alt
import pandas as pd

from whence.data.address import mixture, parse_address
from whence.errors import InputError
from whence.report.figures import Figure, Panel, name_axis, panel_title, rows
from whence.report.heat_map import tiles
from whence.report.tidy import configuration_labels
from whence.report.words import display_names, listed, number, plus_minus

Settings = Mapping[str, Any]  # of a recipe


def shares_of(name: str) -> tuple[tuple[str, str], float] | None:
    """`(its two datasets, share of the first)` of a name such as `mix(paper:dtd, paper:isic2018, ratio=1:3)`."""
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
    return (parts[0], parts[1]), ratio[0] / sum(ratio)


def augmentation_figure(tidy: pd.DataFrame, recipes: Mapping[str, Settings]) -> Figure:
    """AUC over the strength of augmentation × the share of a mixture, a panel per target and mixture.

    `recipes` gives the settings of a recipe's name; recipes that differ in more than their strength, networks and seeds
    have panels of their own. The pure datasets of a mixture, where they are sources too, are its ends; other sources
    stand in a panel together. The figure has no panels where one strength only was tried.
    """
    caption = (
        "Mean test AUC of each strength of augmentation in fine-tuning (rows; 1 is the paper’s, 0 none) and source "
        "(columns; of a mixture the share of its first dataset). Bold: the best of the panel."
    )
    panels = [
        _panel(part, panel_title(target, family, configuration), target)
        for target, family, configuration, part in _maps(tidy, recipes)
    ]
    return Figure("augmentation", "Augmentation and mixtures", caption, panels)


def _maps(
    tidy: pd.DataFrame, recipes: Mapping[str, Settings]
) -> Iterator[tuple[str, str, str, pd.DataFrame]]:
    """Target, mixture ("" for other sources), configuration and rows of each map with two strengths or more.

    Columns of the rows: strength, column (what a column of the map is called), place (where it stands), auc.
    """
    strengths = {name: _strength(settings) for name, settings in recipes.items()}
    table = tidy.assign(strength=tidy["recipe"].map(strengths)).dropna(subset=["strength"])
    if table.empty:
        return
    rest = {name: _but_for_strength(recipes[name]) for name in set(table["recipe"])}
    table["recipe"] = table["recipe"].map(rest)
    table["configuration"] = _labels(table)
    for (target, configuration), part in table.groupby(["target_name", "configuration"], sort=False):
        if part["strength"].nunique() > 1:
            for family, own in _families(part):
                yield str(target), family, str(configuration), own


def _labels(table: pd.DataFrame) -> pd.Series:
    """Configurations without the strength: recipes alike in all else are numbered as one."""
    rest = pd.factorize(table["recipe"])[0] + 1
    return configuration_labels(table.assign(recipe=[f"settings {number}" for number in rest]))


def _families(part: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows of each mixture between its ends, then those of all other sources."""
    shares = {name: shares_of(str(name)) for name in part["source"].unique()}
    left = set(shares)
    for ends in dict.fromkeys(found[0] for found in shares.values() if found):
        names = display_names(ends)
        places = {name: found[1] for name, found in shares.items() if found and found[0] == ends}
        places |= {end: share for end, share in zip(ends, (1.0, 0.0), strict=True) if end in shares}
        left -= set(places)
        own = part[part["source"].isin(places)]
        place = own["source"].map(places)
        yield (
            " + ".join(names.values()),
            own.assign(place=place, column=[f"{100 * share:.0f} % {names[ends[0]]}" for share in place]),
        )
    if left:
        rest = part[part["source"].isin(left)]
        yield "", rest.assign(place=-1.0, column=rest["source_name"])


def _strength(settings: Settings) -> float | None:
    augmentation = settings.get("augmentation")
    return float(augmentation["strength"]) if isinstance(augmentation, Mapping) else None


def _but_for_strength(settings: Settings) -> str:
    rest = {key: value for key, value in settings.items() if key != "name"}
    rest["augmentation"] = {k: v for k, v in rest["augmentation"].items() if k != "strength"}
    return json.dumps(rest, sort_keys=True, default=str)


def _panel(part: pd.DataFrame, title: str, target: str) -> Panel:
    means = part.groupby(["strength", "column", "place"])["auc"].agg(["mean", "std", "size"]).reset_index()
    best = means["mean"].max()
    means = means.assign(
        label=means["mean"].map(number),
        said=[plus_minus(m, s) for m, s in zip(means["mean"], means["std"], strict=True)],
        weight=["bold" if value == best else "normal" for value in means["mean"]],
        row=[f"{value:g}" for value in means["strength"]],
    )
    columns = list(dict.fromkeys(means.sort_values("place", kind="stable")["column"]))
    strengths = [f"{value:g}" for value in sorted(set(means["strength"]))]
    above = name_axis(orient="top", labelAngle=0 if len(columns) < 5 else -35)
    base = alt.Chart(rows(means)).encode(
        x=alt.X("column:N", sort=columns, title="source", axis=above),
        y=alt.Y("row:N", sort=strengths, title="strength of augmentation", axis=name_axis()),
        tooltip=[
            alt.Tooltip("column:N", title="source"),
            alt.Tooltip("row:N", title="strength"),
            alt.Tooltip("said:N", title="AUC"),
            alt.Tooltip("size:Q", title="folds"),
        ],
    )
    chart = alt.layer(*tiles(base, "mean", means["mean"])).properties(height=max(34 * len(strengths), 130))
    told = [f"strength {row.row}, {row.column}: {row.label}" for row in means.itertuples()]
    return Panel(title, chart, f"Table of colours, {title}: {listed(told, most=60)}.", target=target)
