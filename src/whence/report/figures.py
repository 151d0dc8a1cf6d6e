"""What a figure is, one definition each: the same chart is drawn in the page and exported as SVG, PDF and PNG."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

HOVER = "hover"  # the style of marks that only carry a tooltip; an exported figure leaves them out
NAME_LIMIT = 170  # pixels that a name may take beside its bar


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


def name_axis(**more: Any) -> alt.Axis:
    """An axis of names: each is shown, without ticks."""
    return alt.Axis(
        ticks=False, domain=False, labelPadding=6, labelLimit=NAME_LIMIT, labelOverlap=False, **more
    )
