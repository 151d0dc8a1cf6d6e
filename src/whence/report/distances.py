"""Distances as a person reads them: tables, words for what is below the noise, and clustered heat maps."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import vl_convert
from numpy.typing import NDArray

from whence.errors import InputError
from whence.paths import replacing
from whence.recommend.distances import Distances
from whence.recommend.one_distance import Distance
from whence.report.figures import Figure, Panel, rows
from whence.report.page import render, specification, vega_lite_version
from whence.report.palette import INK
from whence.report.words import MISSING, display_names, listed

SUFFIXES = (".svg", ".pdf", ".png", ".html")
_CELL = 58  # pixels
_SHADES = ("#08467f", "#6baed6", "#eaf2fb")  # near to far


def figure_number(value: float | None) -> str:
    """Three significant digits, thousands set apart, or a dash."""
    if value is None or math.isnan(value):
        return MISSING
    rounded = f"{value:.3g}"
    return f"{float(rounded):,.0f}" if "e+" in rounded else rounded


def _spanned(low: float | None, high: float | None) -> str:
    return MISSING if low is None else f"{figure_number(low)} to {figure_number(high)}"


def distance_rows(found: Distances) -> list[dict[str, str]]:
    """A row per distance of two datasets."""
    return [
        {
            "measure": row.value.measure,
            "distance": figure_number(row.value.value),
            "90 % interval": _spanned(row.value.low, row.value.high),
            "images each": MISSING if row.images is None else str(row.images),
            "on so many": figure_number(row.sampled),
            "noise": figure_number(row.noise),
            "up to": figure_number(row.noise_high),
            "": {None: "without noise", True: "below the noise", False: "above the noise"}[row.below_noise],
            "seconds": f"{row.value.seconds:.2f}",
        }
        for row in found.values
    ]


def noise_sentences(found: Distances) -> list[str]:
    """What the noise means, and which distances are within it."""
    below = [row for row in found.values if row.below_noise]
    said = [
        f"The noise floor is the distance between two disjoint halves of one dataset, {found.images} images each; a "
        "distance below it, on samples of that size, cannot be told from none."
    ]
    by_measure: dict[str, list[str]] = {}
    for row in below:
        by_measure.setdefault(row.value.measure, []).append(f"{row.value.source} and {row.value.target}")
    said += [f"Below the noise by {name}: {listed(pairs, most=12)}." for name, pairs in by_measure.items()]
    return said if below else [*said, "No distance is below the noise."]


def matrix_rows(found: Distances) -> dict[str, list[dict[str, str]]]:
    """For each measure a table of all pairs in the order of the heat map, with the noise on its diagonal."""
    out = {}
    for name, table in _tables(found).items():
        out[name] = [{"": source} | {t: table.text(source, t) for t in table.names} for source in table.names]
    return out


class _Table:
    """One measure's distances between all datasets, near ones side by side."""

    def __init__(self, found: Distances, measure: str) -> None:
        short = display_names([n for row in found.values for n in (row.value.source, row.value.target)])
        self.cells: dict[tuple[str, str], Distance] = {}
        for row in found.values:
            if row.value.measure == measure:
                pair = short[row.value.source], short[row.value.target]
                self.cells[pair] = row
                self.cells.setdefault(pair[::-1], row)
        self.noise = {short[n.dataset]: n.value for n in found.noise if n.measure == measure}
        names = list(dict.fromkeys(name for pair in self.cells for name in pair))
        self.names = [names[i] for i in _order(self._matrix(names))]

    def value(self, source: str, target: str) -> float:
        """Of two datasets, or the noise of one."""
        if source == target:
            return self.noise.get(source, 0.0)
        cell = self.cells.get((source, target))
        return math.nan if cell is None else cell.value.value

    def text(self, source: str, target: str) -> str:
        """The number, with a mark where it is below the noise."""
        cell = None if source == target else self.cells.get((source, target))
        return f"{'≈ ' if cell and cell.below_noise else ''}{figure_number(self.value(source, target))}"

    def _matrix(self, names: list[str]) -> NDArray[np.float64]:
        values = np.array([[0.0 if a == b else self.value(a, b) for b in names] for a in names])
        return np.where(np.isnan(values), np.nanmax(values), values)


def _order(matrix: NDArray[np.float64]) -> list[int]:
    """Rows by average linkage, leaves turned so that neighbours are near; a measure that runs both ways is averaged."""
    if len(matrix) < 3:
        return list(range(len(matrix)))
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    apart = (matrix + matrix.T) / 2
    apart -= min(apart.min(), 0.0)  # unbiased measures may be negative
    np.fill_diagonal(apart, 0.0)
    near = squareform(apart, checks=False)
    return [int(i) for i in leaves_list(linkage(near, method="average", optimal_ordering=True))]


def _tables(found: Distances) -> dict[str, _Table]:
    return {name: _Table(found, name) for name in dict.fromkeys(row.value.measure for row in found.values)}


def distance_maps(found: Distances) -> Figure:
    """A clustered heat map per measure: near pairs dark, the noise on the diagonal, ≈ before what is below it."""
    panels = [_map(name, table) for name, table in _tables(found).items()]
    caption = (
        "Each cell is the distance between two datasets; dark is near. Datasets are ordered so that near ones stand "
        f"side by side (average linkage). Grey, on the diagonal: the noise, which is the distance between disjoint "
        f"halves of one dataset, on samples of {found.images} images. ≈: not above the noise."
    )
    return Figure("distances", "Distances between datasets", caption, panels)


def _map(measure: str, table: _Table) -> Panel:
    cells = pd.DataFrame(
        [
            {
                "source": a,
                "target": b,
                "value": table.value(a, b),
                "label": table.text(a, b),
                "kind": "noise" if a == b else "distance",
            }
            for a in table.names
            for b in table.names
        ]
    )
    apart = cells.loc[cells["kind"] == "distance", "value"]
    low, high = float(apart.min()), float(apart.max())
    high = high if high > low else low + 1.0
    axis: dict[str, Any] = {"ticks": False, "domain": False, "labelPadding": 6, "labelLimit": 170}
    base = alt.Chart(rows(cells)).encode(
        x=alt.X(
            "target:N", sort=table.names, title=None, axis=alt.Axis(orient="top", labelAngle=-40, **axis)
        ),
        y=alt.Y("source:N", sort=table.names, title=None, axis=alt.Axis(**axis)),
        tooltip=[alt.Tooltip(f"{field}:N", title=field) for field in ("source", "target", "label", "kind")],
    )
    shades = alt.Scale(domain=[low, (low + high) / 2, high], range=list(_SHADES))
    tiles = base.mark_rect(stroke="white", strokeWidth=2)
    chart = alt.layer(
        tiles.transform_filter(alt.datum.kind == "noise").encode(color=alt.value("#e3e5e8")),
        tiles.transform_filter(alt.datum.kind == "distance").encode(
            color=alt.Color("value:Q", scale=shades, legend=None)
        ),
        base.mark_text(fontSize=11).encode(
            text="label:N",
            color=alt.condition(
                f"datum.kind == 'distance' && datum.value < {low + 0.3 * (high - low)}",
                alt.value("white"),
                alt.value(INK),
            ),
        ),
    ).properties(height=32 * len(table.names))
    said = f"Table of colours: {measure} between {len(table.names)} datasets."
    return Panel(measure, chart, said, min_width=_CELL * len(table.names) + 150)


def check_suffix(path: Path) -> str:
    """The kind of file that `path` asks for. Raises `InputError` for a suffix that is not among `SUFFIXES`."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"{str(path)!r} has the suffix {suffix!r}; accepted are {', '.join(SUFFIXES)}")
    return suffix


def draw(found: Distances, path: Path) -> None:
    """Write the heat maps as a picture or a page, by the suffix of `path`. Raises `InputError` for another."""
    suffix = check_suffix(path)
    figure = distance_maps(found)
    if suffix == ".html":
        with replacing(path) as file:
            file.write(render("distances.html.j2", [figure], sentences=noise_sentences(found)))
        return
    document = _sheet(figure)
    options: dict[str, Any] = {"vl_version": vega_lite_version(), "allowed_base_urls": []}
    if suffix == ".svg":
        with replacing(path) as file:
            file.write(vl_convert.vegalite_to_svg(document, **options))
        return
    picture = (
        vl_convert.vegalite_to_pdf(document, **options)
        if suffix == ".pdf"
        else vl_convert.vegalite_to_png(document, scale=1.5, **options)
    )
    with replacing(path, "wb") as file:
        file.write(picture)


def _sheet(figure: Figure) -> dict[str, Any]:
    charts = [
        panel.chart.properties(width=panel.min_width - 150, title=panel.title) for panel in figure.panels
    ]
    columns = 2 if len(charts) > 1 else 1
    sheet = alt.concat(*charts, columns=columns, spacing=40, background="white").resolve_scale(
        color="independent"
    )
    return specification(sheet, " ".join(panel.alt_text for panel in figure.panels))
