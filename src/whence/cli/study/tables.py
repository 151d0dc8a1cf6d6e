"""whence study export|rebuild FILE and merge FOLDER FOLDER: the tables and the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from whence.cli.common import Device, Json, Quiet, SkipUnreadable, print_json, print_table, verb
from whence.cli.study.common import File, SeedOfFile, open_study


@verb
def export(
    file: File,
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write to.")],
    format: Annotated[str, typer.Option(help="csv or parquet.")] = "csv",
    skip_unreadable: SkipUnreadable = False,
    json: Json = False,
    quiet: Quiet = False,
    seed: SeedOfFile = None,
    device: Device = "auto",
) -> None:
    """Write the study's tables: outcomes, pretrainings, curves, predictions."""
    written = open_study(file, seed).export(
        output, format=format, device=device, skip_unreadable=skip_unreadable
    )
    if json:
        print_json({"files": [str(path) for path in written]})
    else:
        print("\n".join(str(path) for path in written))


@verb
def rebuild(
    file: File,
    skip_unreadable: SkipUnreadable = False,
    json: Json = False,
    quiet: Quiet = False,
    seed: SeedOfFile = None,
    device: Device = "auto",
) -> None:
    """Make the ledger anew from job folders and tables, of which it is a copy; the old one is kept beside it."""
    held, lost = open_study(file, seed).rebuild(device=device, skip_unreadable=skip_unreadable)
    if json:
        print_json({"jobs": held, "only_in_the_old_one": lost})
        return
    print(f"the ledger holds {held} jobs" + (f"; {lost} more stood in the old one alone" if lost else ""))


@verb
def merge(
    first: Annotated[Path, typer.Argument(help="A study's folder: beside its file, called as it is.")],
    second: Annotated[Path, typer.Argument(help="The folder of the same study at another site.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to make.")],
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Bring two sites' results together. Exit code 1 where they disagree: the first one's are kept, and it is said."""
    from whence.api import merge_studies
    from whence.errors import WorkFailed

    conflicts = merge_studies(first, second, output)
    if json:
        print_json({"folder": str(output), "conflicts": [dict(vars(conflict)) for conflict in conflicts]})
    else:
        print(output)
        if conflicts:
            print_table([dict(vars(conflict)) for conflict in conflicts])
    if conflicts:
        count = "1 conflict" if len(conflicts) == 1 else f"{len(conflicts)} conflicts"
        raise WorkFailed(
            f"{count} between {first} and {second}; the merged tables in {output} keep the first's"
        )
