"""whence paper: the paper's tables, figures and correlations from its published outcomes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from whence.cli.common import Json, Quiet, print_json, print_table, say, verb


@verb
def paper(
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A folder for the page, the figures and the tables.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Recompute the tables, figures and correlations of the paper from its published outcomes, offline."""
    from whence.api import analyse_paper

    found = analyse_paper(output)
    if json:
        print_json(found.document())
        return
    rows = [
        {
            "distance": row["distance"],
            "statistic": row["statistic"],
            "pairs": row["pairs"],
            "value": row["value"],
            "p": row["p"],
            "printed": f"{row['printed']:+.2f}" if row["printed"] is not None else "",
        }
        for row in found.correlations
    ]
    print_table(rows, "Correlation of either distance with transferability")
    for difference in found.differences:
        print(f"{difference.what}. {difference.found} {difference.effect}")
    if output:
        print(f"page, figures and tables: {output}")
    elif not quiet:
        say("the page, the figures and all tables: whence paper -o FOLDER")
