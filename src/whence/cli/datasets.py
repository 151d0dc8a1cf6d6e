"""whence datasets: what can be opened by name, what a dataset holds, the paper's Table I and Figure 1."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from whence.cli.common import (
    Device,
    Json,
    Quiet,
    Seed,
    SkipUnreadable,
    print_json,
    print_table,
    speaker,
    verb,
)

app = typer.Typer(
    help="What can be opened by name; `show` tells what a dataset holds, `montage` shows some of its images.",
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
@verb
def names(
    context: typer.Context, json: Json = False, quiet: Quiet = False, seed: Seed = 1, device: Device = "auto"
) -> None:
    """List the datasets that can be opened by name. Any folder per class, table of images or .npz opens by path."""
    if context.invoked_subcommand:
        return
    from whence.data.named import known_names

    found = known_names()
    if json:
        print_json({"names": found})
        return
    for name in found:
        print(name)
    speaker(quiet)(
        "a path opens too: a folder per class, a folder with a CSV table, or an .npz in MedMNIST's layout"
    )


@app.command()
@verb
def show(
    targets: Annotated[list[str], typer.Argument(help="Paths or names of datasets.")],
    image_column: Annotated[str | None, typer.Option(help="The table's column of image paths.")] = None,
    label_column: Annotated[str | None, typer.Option(help="The table's column of labels.")] = None,
    split_column: Annotated[str | None, typer.Option(help="The table's column of splits.")] = None,
    group_column: Annotated[
        str | None, typer.Option(help="The table's column of patients or other groups.")
    ] = None,
    skip_unreadable: SkipUnreadable = False,
    table: Annotated[bool, typer.Option("--table", help="Only the paper's Table I.")] = False,
    table_format: Annotated[str, typer.Option("--format", help="Of --table: text, csv or latex.")] = "text",
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """Show images, classes, sizes, channels, groups and findings of one or more datasets."""
    from whence.data import describe, in_common, open_dataset, properties
    from whence.records import as_row

    if table or table_format != "text":
        _check_format(table, table_format, json)
    say, opened = speaker(quiet), []
    for target in targets:
        say(f"reading {target}")
        dataset = open_dataset(
            target,
            image_column=image_column,
            label_column=label_column,
            split_column=split_column,
            group_column=group_column,
            skip_unreadable=skip_unreadable,
        )
        opened.append(dataset)
    if table:
        from whence.report.table_one import table_one, written

        print(written(table_one([properties(dataset) for dataset in opened]), table_format), end="")
        return
    documents = [describe(dataset) for dataset in opened]
    between = [as_row(finding) for finding in in_common(opened)]
    if json:
        print_json(documents[0] if len(documents) == 1 else {"datasets": documents, "findings": between})
    else:
        _tell(documents, between)


@app.command()
@verb
def montage(
    datasets: Annotated[list[str], typer.Argument(help="Paths or names of datasets.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The picture: .png, .pdf, .jpg or .tif.")],
    images: Annotated[int, typer.Option(min=1, max=20, help="How many of each dataset.")] = 3,
    side: Annotated[int, typer.Option(min=16, max=1000, help="Pixels that each image may take.")] = 160,
    skip_unreadable: SkipUnreadable = False,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """Draw random images of every dataset, a column each (the paper's Figure 1)."""
    from whence.data import drawn, open_dataset
    from whence.report.montage import check_suffix, save_montage
    from whence.report.montage import montage as draw

    check_suffix(output)
    say, opened = speaker(quiet), []
    for name in datasets:
        say(f"reading {name}")
        opened.append(open_dataset(name, skip_unreadable=skip_unreadable))
    save_montage(draw(opened, count=images, side=side, seed=seed), output)
    if json:
        chosen = {d.name: [d.digests[i] for i in drawn(d, images, seed)] for d in opened}
        print_json({"montage": str(output), "images": chosen})
    else:
        print(output)


def _check_format(table: bool, table_format: str, json: bool) -> None:
    from whence.errors import InputError, unknown_name
    from whence.report.table_one import FORMATS

    if table_format not in FORMATS:
        raise unknown_name("format", table_format, FORMATS)
    if not table:
        raise InputError(f"--format {table_format} says how --table is written; give --table too")
    if json:
        raise InputError("--table and --json are two documents; give one of them")


def _tell(documents: list[dict[str, Any]], between: list[dict[str, Any]]) -> None:
    from whence.records import Finding

    print_table(
        [
            {
                "dataset": d["name"],
                "images": d["images"],
                "classes": len(d["classes"]),
                "size": " to ".join(dict.fromkeys("×".join(map(str, d["size"][k])) for k in ("min", "max"))),
                "channels": d["channels"],
                "groups": d["groups"],
                "splits": ", ".join(f"{name} {count}" for name, count in d["splits"].items()) or "none",
            }
            for d in documents
        ]
    )
    for document in documents:
        if len(document["classes"]) <= 30:
            print(
                f"{document['name']}: " + ", ".join(f"{name} {n}" for name, n in document["counts"].items())
            )
        if document["shortcuts"]:
            told = ", ".join(f"{name.replace('_', ' ')} {v:.2f}" for name, v in document["shortcuts"].items())
            print(f"  AUC of the class from one feature alone: {told}")
        for finding in document["findings"]:
            print(f"  {Finding(**finding)}")
    for finding in between:
        print(Finding(**finding))
