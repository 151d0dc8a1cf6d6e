"""whence pretrain SOURCE: a checkpoint to transfer from."""

from __future__ import annotations

from typing import Annotated

import typer

from whence.cli.common import (
    Backbone,
    Device,
    Energy,
    Json,
    Quiet,
    RecipeName,
    Seed,
    print_json,
    speaker,
    verb,
)


@verb
def pretrain(
    source: Annotated[str, typer.Argument(help="Path or name of the dataset to pretrain on.")],
    backbone: Backbone = "resnet50",
    recipe: RecipeName = "small",
    energy: Energy = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """Train a backbone on a source dataset and keep the checkpoint."""
    from whence import api
    from whence.records import as_row

    found = api.pretrain(
        source, backbone=backbone, recipe=recipe, seed=seed, device=device, energy=energy, say=speaker(quiet)
    )
    if json:
        print_json({"checkpoint": str(found.path), **as_row(found.row)})
        return
    row = found.row
    print(
        f"{row.source}: AUC {row.auc:.3f}, accuracy {row.accuracy:.3f} on {row.test_images} test images"
        f"{'' if row.converged else ' (had not converged)'}"
    )
    print(f"checkpoint: {found.path}")
    print(f"next: whence finetune file:{found.path} YOUR-IMAGES --backbone {backbone}")
