"""whence datasets: what can be opened by name, and what a dataset holds."""

from __future__ import annotations

from typing import Annotated

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
    help="What can be opened by name; `show` tells what a dataset holds.", rich_markup_mode=None
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
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """Show images, classes, sizes, channels, groups and findings of one or more datasets."""
    from whence.data import describe, open_dataset

    say, documents = speaker(quiet), []
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
        documents.append(describe(dataset))
    if json:
        print_json(documents[0] if len(documents) == 1 else {"datasets": documents})
        return
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
        for finding in document["findings"]:
            print(f"  {finding['severity']}: {finding['what']}. {finding['advice']}")
