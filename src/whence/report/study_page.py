"""The page of a study, and its figures as files for a paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

from whence.paths import replacing
from whence.report import tables
from whence.report.curves import learning_curves
from whence.report.figures import HOVER, Figure, auc_bars, auc_heat_map
from whence.report.page import render, specification, vega_lite_version
from whence.report.results import StudyResults
from whence.report.tidy import panels_of, source_order, summarise, tidy_outcomes
from whence.report.verdict import verdicts
from whence.report.words import counted

_SHEET_WIDTH = 640  # of an exported figure, in CSS pixels


def render_study(results: StudyResults) -> str:
    """The page of a study as one HTML text that needs no network (about 1 MB, most of it the drawing library)."""
    tidy = tidy_outcomes(results.outcomes)
    summary = summarise(tidy)
    return render(
        "study.html.j2",
        study_figures(results),
        results=results,
        study_sentence=study_sentence(results, tidy),
        verdicts=verdicts(tidy),
        datasets=_records(tables.data_table(results.datasets)),
        pretrainings=_records(tables.pretraining_table(results.pretrainings)),
        outcome_groups=_grouped(tables.transferability_table(summary)),
        unconverged=_records(tables.unconverged_table(tidy, results.pretrainings)),
        tested=_tested(results, tidy),
        settings=_records(tables.settings_table(results.settings)),
    )


def study_figures(results: StudyResults) -> list[Figure]:
    """The figures for which there are results: AUC bars, the heat map, the learning curves."""
    tidy = tidy_outcomes(results.outcomes)
    if tidy.empty:
        return []
    summary = summarise(tidy)
    figures = [auc_bars(tidy, summary), auc_heat_map(summary)]
    figures.append(learning_curves(results.curves, tidy, source_order(summary)))
    return [figure for figure in figures if figure.panels]


def export_figures(results: StudyResults, folder: Path) -> list[Path]:
    """Write every figure of a study as SVG and as PDF into a folder; the paths written, in that order.

    Nothing is loaded from a network. Existing files of the same name are replaced.
    """
    written: list[Path] = []
    options: dict[str, Any] = {"vl_version": vega_lite_version(), "allowed_base_urls": []}
    for figure in study_figures(results):
        sheet = _sheet(figure)
        svg = folder / f"{figure.name}.svg"
        with replacing(svg) as file:
            file.write(vl_convert.vegalite_to_svg(sheet, **options))
        pdf = folder / f"{figure.name}.pdf"
        with replacing(pdf, "wb") as file:
            file.write(vl_convert.vegalite_to_pdf(sheet, **options))
        written += [svg, pdf]
    return written


def study_sentence(results: StudyResults, tidy: pd.DataFrame) -> str:
    """The study in a sentence: sources × targets × folds, backbone, recipe and size."""
    if tidy.empty:
        return "No outcome has been measured yet."
    sizes = [
        counted(tidy["source_name"].nunique(), "source"),
        counted(tidy["target_name"].nunique(), "target"),
        counted(tidy["fold"].nunique(), "fold"),
    ]
    how = [f"{_plural(column, tidy)} {_values(tidy, column)}" for column in ("backbone", "recipe")]
    if size := results.settings.get("size"):
        how.append(f"images of {size} pixels")
    if tidy["seed"].nunique() > 1:
        how.append(f"seeds {_values(tidy, 'seed')}")
    return f"{' × '.join(sizes).capitalize()}, {len(tidy):,} outcomes; {', '.join(how)}."


def _sheet(figure: Figure) -> dict[str, Any]:
    width = _SHEET_WIDTH // figure.columns - (60 if figure.columns > 1 else 0)
    charts = [panel.chart.properties(width=width, title=panel.title) for panel in figure.panels]
    sheet = alt.concat(*charts, columns=figure.columns, spacing=28, background="white")
    document = specification(sheet, " ".join(panel.alt_text for panel in figure.panels))
    for chart in document["concat"]:
        chart["layer"] = [layer for layer in chart["layer"] if layer["mark"].get("style") != HOVER]
    return document


def _tested(results: StudyResults, tidy: pd.DataFrame) -> list[dict[str, Any]]:
    """Per target: how many of its images were in a test half of some fold."""
    images = {str(document.get("name")): document.get("images") for document in results.datasets}
    per_fold = tidy.drop_duplicates(["target_name", "fold"])
    return [
        {
            "target": name,
            "tested": int(part["test_images"].sum()),
            "images": images.get(str(part["target"].iloc[0])) if not part["target_variant"].iloc[0] else None,
        }
        for name, part in per_fold.groupby("target_name", sort=False)
        if pd.to_numeric(part["test_images"], errors="coerce").sum() > 0
    ]


def _grouped(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{"target": t, "configuration": c, "rows": _records(part)} for t, c, part in panels_of(table)]


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _values(tidy: pd.DataFrame, column: str) -> str:
    return ", ".join(str(value) for value in dict.fromkeys(tidy[column]))


def _plural(column: str, tidy: pd.DataFrame) -> str:
    return f"{column}s" if tidy[column].nunique() > 1 else column
