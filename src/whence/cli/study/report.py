"""whence study report FILE..."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from whence.cli.common import Device, Json, Quiet, print_json, verb
from whence.cli.study.common import SeedOfFile, open_study


@verb
def report(
    files: Annotated[list[Path], typer.Argument(help="The study file (YAML); several are compared.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where to write the page.")] = None,
    export: Annotated[
        Path | None,
        typer.Option(help="A folder for figures (SVG, PDF, PNG) and tables (CSV, LaTeX, Markdown)."),
    ] = None,
    scores: Annotated[
        list[Path] | None, typer.Option(help="A table of scores or distances (CSV); may be repeated.")
    ] = None,
    transferability: Annotated[
        str | None,
        typer.Option(
            metavar="auc|error",
            help="The gain over none: in AUC (the paper's), or in classification error (Alvarez-Melis & Fusi).",
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: SeedOfFile = None,
    device: Device = "auto",
) -> None:
    """Write the page of a study, or of several beside one another: one HTML file that needs no network."""
    studies = [open_study(file, seed) for file in files]
    path = studies[0].report(
        output,
        beside=studies[1:],
        scores=scores or (),
        transferability=transferability,
        export=export,
        device=device,
    )
    if json:
        print_json({"page": str(path)})
    else:
        print(path)
