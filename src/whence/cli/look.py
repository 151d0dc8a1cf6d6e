"""whence look SOURCE TARGET: where a fine-tuned network looks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from whence.cli.common import Backbone, Device, Json, Quiet, RecipeName, Seed, print_json, speaker, verb


@verb
def look(
    source: Annotated[
        str, typer.Argument(help="none, imagenet, file:PATH, pulled:NAME, timm:MODEL, or a dataset.")
    ],
    target: Annotated[str, typer.Argument(help="Path or name of the dataset.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder for the pictures.")],
    layer: Annotated[
        str | None, typer.Option(help="A stage of the backbone (default: the last before the head).")
    ] = None,
    with_images: Annotated[
        bool,
        typer.Option("--with-images", help="Also pictures in which images of the target can be seen."),
    ] = False,
    images: Annotated[int, typer.Option(min=1, max=50, help="How many of them, and of mistakes.")] = 8,
    fold: Annotated[int, typer.Option(min=1, max=20, help="Which fold's network.")] = 1,
    backbone: Backbone = "resnet50",
    recipe: RecipeName = "small",
    folds: Annotated[int, typer.Option(min=2, max=20, help="How many folds are cut.")] = 5,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """Draw what in the images speaks for a class, and a layer's feature maps, of one fold's fine-tuned network."""
    from whence import api

    found = api.look(
        source,
        target,
        output,
        layer=layer,
        with_images=with_images,
        images=images,
        fold=fold,
        backbone=backbone,
        recipe=recipe,
        folds=folds,
        seed=seed,
        device=device,
        say=speaker(quiet),
    )
    if json:
        print_json(found)
        return
    for picture in found["pictures"]:
        print(picture)
    if not with_images:
        print("no image of the target is in these; --with-images draws single images and the worst mistakes")
