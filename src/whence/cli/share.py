"""whence share push|pull|export|card: give checkpoints and results away, take other people's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from whence.cli.common import Backbone, Device, Json, Quiet, Seed, print_json, print_table, say, speaker, verb

app = typer.Typer(
    help="Give checkpoints and results away, take other people's, write cards. No image is ever sent.",
    rich_markup_mode=None,
)
What = Annotated[
    str, typer.Argument(help="A checkpoint (file, or the name that rank shows) or a study file.")
]
Licence = Annotated[str | None, typer.Option(help="The licence to share under (default: that of the data).")]
Name = Annotated[str | None, typer.Option(help="What it is called (default: what it is).")]


@app.command()
@verb
def push(
    what: What,
    to: Annotated[str, typer.Option(help="hf:USER/NAME, osf:PROJECT[/FOLDER], a folder, or a URL (s3://…).")],
    name: Name = None,
    licence: Licence = None,
    study: Annotated[
        list[Path] | None, typer.Option(help="A study that tried the checkpoint, for its card; repeatable.")
    ] = None,
    backbone: Backbone = "resnet50",
    private: Annotated[
        bool, typer.Option("--private", help="A new repository on the hub is for you only.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List every file and its size; send nothing.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """Share a checkpoint or a study's results, with cards and checksums. Tokens: HF_TOKEN, OSF_TOKEN."""
    from whence import api

    found = api.push(
        what, to, name=name, licence=licence, studies=study or (), backbone=backbone, private=private,
        dry_run=dry_run, device=device, say=speaker(quiet),
    )  # fmt: skip
    rows = [{"file": file, "bytes": size} for file, size in found.files.items()]
    if json:
        print_json(
            {"address": found.address, "sent": found.sent, "licence": found.parcel.licence, "files": rows}
        )
        return
    print_table(rows)
    total = sum(found.files.values())
    if not found.sent:
        print(f"{len(rows)} files, {total:,} bytes would go to {found.address}; nothing was sent")
        return
    print(f"{len(rows)} files, {total:,} bytes are at {found.address}")
    speaker(quiet)(f"others take it by: whence share pull {found.address}")


@app.command()
@verb
def pull(
    address: Annotated[str, typer.Argument(help="hf:USER/NAME, osf:PROJECT[/FOLDER], a folder, or a URL.")],
    name: Name = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """Take what somebody shared with whence. Checksums are verified; pickles and whatever else is odd are refused."""
    from whence import api

    found = api.pull(address, name=name, say=speaker(quiet))
    if json:
        print_json(
            {"name": found.name, "kind": found.parcel.kind, "source": found.source, "folder": str(found.folder),
             "licence": found.parcel.licence, "fresh": found.fresh}
        )  # fmt: skip
        return
    print(found.source or found.archive)
    licence = found.parcel.licence or "not known: ask whoever shared it"
    speaker(quiet)(f"licence: {licence}" if found.fresh else f"was here already; licence: {licence}")
    if not quiet and found.archive:
        say(f"next: whence knowledge add {found.archive}")


@app.command()
@verb
def export(
    study: Annotated[Path, typer.Argument(help="The study file (YAML).")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The archive (.zip), or OpenML's folder, to write.")
    ],
    format: Annotated[str, typer.Option(help="archive, or openml: tasks, runs and evaluations.")] = "archive",
    licence: Licence = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """Write a study's results as one archive for others: tables and cards, no image, no file's or folder's name."""
    from whence import api

    files = api.export_results(study, output, format=format, licence=licence, device=device)
    if json:
        print_json({"files": [{"file": str(file), "bytes": file.stat().st_size} for file in files]})
    else:
        print(output)


@app.command()
@verb
def card(
    what: Annotated[str, typer.Argument(help="A dataset, a study file, or a checkpoint's file.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where to write it.")] = None,
    croissant: Annotated[
        bool, typer.Option("--croissant", help="A dataset's as Croissant 1.0 metadata (JSON-LD).")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """Write what a dataset, a study or a checkpoint is, for people and for the hub. It names no image and no path."""
    from whence import api
    from whence.paths import replacing

    text = api.card(what, croissant=croissant, device=device)
    if output is not None:
        with replacing(output) as file:
            file.write(text)
    if json:
        print_json({"card": text, "path": None if output is None else str(output)})
    else:
        print(text if output is None else output)
