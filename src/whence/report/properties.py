"""What a study says of the sources' properties: size, classes, origin, colour, resolution, diversity."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from whence.report.arrays import Grid
from whence.report.figures import Figure, Panel, panel_title, rows
from whence.report.palette import INK
from whence.report.table import Table
from whence.report.words import MISSING, file_name, is_missing, number, signed
from whence.stats import effect, holm

Facts = Mapping[str, Any]  # a document of `whence datasets show`
POINTS = 100  # AUC points in an AUC of 1
LEAST = 0.5  # of a step, that sources must differ by: less tells nothing of a step


@dataclass(frozen=True)
class Property:
    """A property of a source as a number, and what one step of it is called."""

    name: str
    step: str
    read: Callable[[Facts], float | None]


def _log(base: float, value: Any) -> float | None:
    return None if is_missing(value) or value <= 0 else math.log(value, base)


def _classes(facts: Facts) -> float | None:
    found = facts.get("classes")
    return _log(10, found if isinstance(found, int | float) else len(found)) if found else None


def _side(facts: Facts) -> float | None:
    size = facts.get("size")
    if not isinstance(size, Mapping):
        return None
    return _log(2, math.prod(math.prod(size[end]) ** 0.25 for end in ("min", "max")))


def _one_of(key: str, kinds: Mapping[Any, float]) -> Callable[[Facts], float | None]:
    return lambda facts: kinds.get(facts.get(key))


def _diversity(facts: Facts) -> float | None:
    return None if is_missing(facts.get("diversity")) else 100 * float(facts["diversity"])


PROPERTIES = (
    Property("size", "ten times the images", lambda facts: _log(10, facts.get("images"))),
    Property("classes", "ten times the classes", _classes),
    Property("origin", "medical, not natural", _one_of("origin", {"medical": 1.0, "natural": 0.0})),
    Property("channels", "colour, not grey", _one_of("channels", {3: 1.0, 1: 0.0})),
    Property("resolution", "images twice as large", _side),
    Property("diversity", "diversity higher by 0.01", _diversity),
)


def effects(grid: Grid, datasets: Sequence[Facts], draws: int = 1000) -> pd.DataFrame:
    """The effect of each property that varies among at least three sources of the study, by half a step or more.

    Columns: property, step, effect (AUC points per step), low, high, p, p_holm (over the properties), sources, targets.
    Each target has a level of its own; other properties are not held fixed. See `stats.effect`.
    """
    facts = {str(one.get("name")): one for one in datasets}
    found = []
    for prop in PROPERTIES:
        values = [prop.read(facts.get(name, {})) for name in grid.sources_full]
        numbers = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
        known = numbers[~np.isnan(numbers)]
        if not len(known) or np.ptp(known) < LEAST:
            continue
        one = effect(numbers, POINTS * grid.auc, draws=draws)
        if not math.isnan(one.slope):
            row = {
                "property": prop.name,
                "step": prop.step,
                "effect": one.slope,
                "low": one.low,
                "high": one.high,
            }
            found.append(row | {"p": one.p, "sources": one.sources, "targets": one.targets})
    columns = ["property", "step", "effect", "low", "high", "p", "sources", "targets"]
    table = pd.DataFrame(found, columns=columns)
    table.insert(6, "p_holm", holm(table["p"]) if len(table) else [])
    return table


def effects_table(found: pd.DataFrame, configuration: str = "") -> Table:
    """The effects as a table."""
    return Table(
        file_name("properties", configuration),
        panel_title("Properties of the sources", configuration),
        "Change of the AUC on a target, in points (hundredths), for one step of a property of the source, with its "
        "90 % interval from sources and folds drawn again; p by exchanging the property among the sources, after "
        "Holm’s correction over the properties. Few sources make wide intervals, and properties that go together "
        "are not told apart.",
        found.assign(said=_said(found)),
        {
            "property": "Property",
            "step": "One step",
            "said": "AUC points",
            "p_holm": "p (Holm)",
            "sources": "Sources",
            "targets": "Targets",
        },
        {"said": str, "p_holm": number, "sources": lambda n: f"{int(n)}", "targets": lambda n: f"{int(n)}"},
    )


def effects_figure(found: Mapping[str, pd.DataFrame]) -> Figure:
    """Effects with their intervals, one property below the other, a panel per configuration."""
    caption = "AUC points gained or lost for one step of a property, with 90 % intervals. Right of 0: better."
    panels = [_effects(name, table) for name, table in found.items()]
    return Figure("effects", "Properties of the sources", caption, panels)


def _effects(title: str, found: pd.DataFrame) -> Panel:
    table = found.assign(said=_said(found))
    order = list(table["step"])
    axis = alt.Axis(ticks=False, domain=False, labelPadding=6, labelLimit=190, labelOverlap=False)
    base = alt.Chart(rows(table)).encode(
        y=alt.Y("step:N", sort=order, title=None, axis=axis),
        tooltip=[
            alt.Tooltip("property:N"),
            alt.Tooltip("step:N", title="one step"),
            alt.Tooltip("said:N", title="AUC points"),
            alt.Tooltip("sources:Q"),
        ],
    )
    x = alt.X("effect:Q", title="AUC points", axis=alt.Axis(tickCount=6))
    zero = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(color=INK, strokeDash=[4, 3])
    layers = [
        zero.encode(x=alt.X("zero:Q", title="AUC points")),
        base.mark_rule(color=INK, strokeWidth=1.6).encode(x=alt.X("low:Q", title="AUC points"), x2="high:Q"),
        base.mark_circle(color=INK, size=80, opacity=1).encode(x=x),
    ]
    told = "; ".join(f"{row.step}: {row.said}" for row in table.itertuples())
    chart = alt.layer(*layers).properties(height=34 * len(table))
    return Panel(title, chart, f"Effects in AUC points: {told}.")


def _said(found: pd.DataFrame) -> list[str]:
    bounds = zip(found["effect"], found["low"], found["high"], strict=True)
    return [f"{_points(value)} [{_points(low)}, {_points(high)}]" for value, low, high in bounds]


def _points(value: Any) -> str:
    return MISSING if is_missing(value) else signed(value, 1)
