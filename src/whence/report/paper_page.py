"""The page, the figures and the tables of `whence paper`."""

from __future__ import annotations

from pathlib import Path

from whence.paths import replacing
from whence.report.export import export_figures, export_tables
from whence.report.page import render
from whence.report.paper import PaperAnalysis

PAGE = "paper.html"


def render_paper(analysis: PaperAnalysis) -> str:
    """The page as one HTML text that needs no network."""
    return render(
        "paper.html.j2",
        analysis.figures,
        tables={table.name: table for table in analysis.tables},
        differences=analysis.differences,
    )


def write_paper(analysis: PaperAnalysis, folder: Path) -> list[Path]:
    """Write the page, every figure (SVG, PDF, PNG) and every table (CSV, LaTeX, Markdown); the paths written."""
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / PAGE) as file:
        file.write(render_paper(analysis))
    return [folder / PAGE, *export_figures(analysis.figures, folder), *export_tables(analysis.tables, folder)]
