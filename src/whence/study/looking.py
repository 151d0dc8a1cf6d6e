"""The job that looks inside: it trains a fold as its outcome was measured, and draws where the network looks.

Unless images are asked for, none of the target's can be seen in any picture: the maps are means over a class.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whence.errors import InputError, WorkFailed
from whence.paths import read_json, replacing, write_json
from whence.study import job as jobs
from whence.study.job import Job
from whence.study.plan import Entry
from whence.study.watching import Say
from whence.study.words import describe

if TYPE_CHECKING:
    from whence.training.fitting import Fitted

VERSION = 1


def look_job(finetuning: Job, layer: str | None, images: int = 0) -> Job:
    """The job that draws the network of a fine-tuning job at a layer; single images only where `images` is not 0.

    Raises `InputError` for a layer that the backbone has not, or that has no maps.
    """
    import torch

    from whence.features.maps import map_layer, maps
    from whence.nets.backbone import build

    network = build(finetuning.inputs["backbone"], classes=2, dropout=0.0, seed=0).eval()
    layer = map_layer(network, layer)
    maps(network, torch.zeros(1, 3, *[finetuning.inputs["recipe"]["size"]] * 2), layer, [0])
    inputs: dict[str, Any] = {"finetune": finetuning.inputs, "of_version": finetuning.version, "layer": layer}
    if images:
        inputs["images"] = images
    return Job("look", VERSION, inputs, finetuning.locate, finetuning.needs, finetuning.cost)


def look(job: Job, folder: Path) -> None:
    """Train the fold again, to the same network, and draw it."""
    from whence.data import load_pixels
    from whence.study.sheets import Sheets
    from whence.study.work import fit_fold

    finetuning = Job("finetune", job.inputs["of_version"], job.inputs["finetune"], job.locate, job.needs)
    dataset, fold, fitted = fit_fold(finetuning, folder, job.folder)
    layer, recipe = job.inputs["layer"], job.inputs["finetune"]["recipe"]
    pixels = load_pixels(dataset, recipe["size"], recipe["fit"])[fold.test]
    drawn = Sheets(dataset, fold, fitted, pixels, layer, folder)
    pictures = [drawn.class_maps(), drawn.channel_means()]
    if "images" in job.inputs:
        pictures += [drawn.examples(job.inputs["images"]), drawn.mistakes(job.inputs["images"])]
    write_json(
        folder / "result.json",
        {
            "layer": layer,
            "test_images": len(fold.test),
            "auc": fitted.metrics["auc"],
            "same_as_measured": _same_as_measured(finetuning, fitted),
            "pictures": [name for name in pictures if name],
        },
    )


def _same_as_measured(finetuning: Job, fitted: Fitted) -> bool | None:
    """Whether the network predicts to the bit what the outcome's did; None where that is not at hand."""
    import numpy as np

    path = finetuning.folder / "predictions.npz"
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as stored:
        return bool(np.array_equal(stored["probabilities"], fitted.probabilities))


def look_fold(
    plan: Sequence[Entry], fold: int, folder: Path, layer: str | None, images: int, say: Say
) -> dict[str, Any]:
    """Do the job for fold number `fold` (from 1) of a plan and copy its pictures into `folder`.

    Raises `InputError` for a fold that is not there, `WorkFailed` with the reason if the job failed.
    """
    from whence.study.work import work_of

    tunings = [entry for entry in plan if entry.target]
    if fold > len(tunings):
        raise InputError(f"there is no fold {fold}: this target is cut into {len(tunings)}")
    entry = tunings[fold - 1]
    job = look_job(entry.job, layer, images)
    needed = [one.job for one in plan if one.job.key in job.needs]
    for one, what in [*((n, f"pretrain on {entry.source}") for n in needed), (job, describe(entry))]:
        if one.state != "done":
            say(f"{what}: training")
        if jobs.run(one, work_of(one.kind)) == "failed":
            raise WorkFailed(f"{what} failed: {one.reason}")
    result = read_json(job.folder / "result.json")
    folder.mkdir(parents=True, exist_ok=True)
    for name in result["pictures"]:
        with replacing(folder / name, "wb") as file:
            file.write((job.folder / name).read_bytes())
    return {
        "source": entry.source,
        "target": entry.target,
        "backbone": entry.backbone,
        "fold": entry.fold,
        **result,
        "pictures": [str(folder / name) for name in result["pictures"]],
    }
