"""The look of every figure: one colour-blind-safe palette, one font, a white ground."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from whence.report.words import NONE

# Okabe & Ito's palette, the colour that is hardest to see on white last, and Tol's wine for their black, on which no
# whisker shows.
OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#882255", "#F0E442")
BASELINE = "#8C8C8C"
INK = "#1b1f24"
FAINT = "#6b7280"
RULE = "#d5d9df"
FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"


def source_colours(sources: Iterable[str]) -> dict[str, str]:
    """A colour for each source, the same in every figure of a page; `none` is grey.

    Beyond eight sources colours come round again: every mark is named beside it, so no reader depends on them.
    """
    others = [name for name in sources if name != NONE]
    colours = {name: OKABE_ITO[i % len(OKABE_ITO)] for i, name in enumerate(others)}
    return {**colours, NONE: BASELINE}


def source_dashes(sources: Iterable[str]) -> dict[str, list[int]]:
    """A line style for each source: solid, then dashed when the colours come round again; `none` is dotted."""
    styles = ([1, 0], [6, 3], [2, 2, 6, 2])
    others = [name for name in sources if name != NONE]
    dashes = {name: styles[i // len(OKABE_ITO) % len(styles)] for i, name in enumerate(others)}
    return {**dashes, NONE: [2, 2]}


def figure_config() -> dict[str, Any]:
    """The Vega-Lite configuration shared by all figures."""
    text = {"labelFont": FONT, "titleFont": FONT, "labelColor": INK, "titleColor": FAINT}
    return {
        "font": FONT,
        "background": "transparent",
        "view": {"stroke": None},
        "axis": {
            **text,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titlePadding": 8,
            "domainColor": RULE,
            "tickColor": RULE,
            "gridColor": "#eceff2",
        },
        "title": {"font": FONT, "fontSize": 13, "color": INK, "anchor": "start", "offset": 10},
        "text": {"font": FONT, "fontSize": 12},
    }
