"""Figures as SVG, PDF and PNG, tables as CSV, LaTeX and Markdown: files for a paper, each from its one definition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from whence.paths import replacing
from whence.report.figures import HOVER, Figure
from whence.report.page import specification, vega_lite_version
from whence.report.table import Table
from whence.report.words import file_name

_SHEET_WIDTH = 640  # of a figure, in CSS pixels
_PNG_SCALE = 3  # pixels of the picture per CSS pixel: 288 to the inch at 96


def export_figures(figures: Iterable[Figure], folder: Path) -> list[Path]:
    """Write every figure as SVG, PDF and PNG into a folder; the paths written, in that order.

    A figure of which the page shows a part at a time is a file per part. Nothing is loaded from a network. Existing
    files of the same name are replaced.
    """
    written: list[Path] = []
    options: dict[str, Any] = {"vl_version": vega_lite_version(), "allowed_base_urls": []}
    for figure in (part for whole in figures for part in _parts(whole)):
        svg = vl_convert.vegalite_to_svg(sheet(figure), **options)
        written += export_svg(figure.name, svg, folder)
    return written


def export_svg(name: str, svg: str, folder: Path) -> list[Path]:
    """Write a drawing as SVG, PDF and PNG; the paths written."""
    contents: dict[str, bytes] = {
        "svg": svg.encode(),
        "pdf": vl_convert.svg_to_pdf(svg),
        "png": vl_convert.svg_to_png(svg, scale=_PNG_SCALE),
    }
    return [_write(folder / f"{name}.{kind}", data) for kind, data in contents.items()]


def export_tables(tables: Iterable[Table], folder: Path) -> list[Path]:
    """Write every table as CSV, LaTeX and Markdown into a folder; the paths written, in that order."""
    return [
        _write(folder / f"{table.name}.{kind}", text.encode())
        for table in tables
        for kind, text in (("csv", table.csv()), ("tex", table.latex()), ("md", table.markdown()))
    ]


def sheet(figure: Figure) -> dict[str, Any]:
    """All panels of a figure as one Vega-Lite document, without what only a reader of the page can see."""
    width = _SHEET_WIDTH // figure.columns - (60 if figure.columns > 1 else 0)
    charts = [
        panel.chart.properties(title=panel.title, **({} if panel.fixed else {"width": width}))
        for panel in figure.panels
    ]
    together = alt.concat(*charts, columns=figure.columns, spacing=28, background="white")
    document = specification(together, " ".join(panel.alt_text for panel in figure.panels))
    for chart in document["concat"]:
        if "layer" in chart:
            chart["layer"] = [layer for layer in chart["layer"] if layer["mark"].get("style") != HOVER]
    return document


def _parts(figure: Figure) -> list[Figure]:
    if len(figure.keys) < 2:
        return [figure]
    return [
        replace(figure, name=file_name(figure.name, key), panels=[p for p in figure.panels if p.key == key])
        for key in figure.keys
    ]


def _write(path: Path, data: bytes) -> Path:
    with replacing(path, "wb") as file:
        file.write(data)
    return path
