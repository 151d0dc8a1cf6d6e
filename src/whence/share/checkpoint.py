"""A checkpoint as a folder that timm loads without us: weights, config.json in timm's format, and the card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from whence.data.address import parse_address
from whence.data.named import card_of
from whence.errors import InputError
from whence.nets.backbone import build, pretrained_config
from whence.nets.weights import read_record
from whence.paths import write_json
from whence.records import Card, Outcome, Pretraining
from whence.share.cards import checkpoint_card
from whence.share.licensing import licence_for
from whence.share.parcel import CARD, CONFIG, WEIGHTS
from whence.study.collect import measured
from whence.study.job import read_job
from whence.study.plan import Entry


def pack_checkpoint(
    path: Path, scratch: Path, *, licence: str | None = None, outcomes: Sequence[Outcome] = ()
) -> tuple[dict[str, Path], str | None, str]:
    """The files to share, name → where it lies, their licence, and what there is to say about it.

    The weights are the file itself; the others are written to `scratch`. `outcomes` tell in the card how well it
    transferred. Raises `InputError` for a file without whence's record, and for a licence that the data's forbids.
    """
    record = read_record(path)
    data = known_card(record.get("trained_on", ""))
    of_data = (data.licence if data else None) or record.get("licence") or None
    chosen, told = licence_for(of_data, licence, path.name)
    text = checkpoint_card(path, row=own_row(path), data=data, outcomes=outcomes, licence=chosen)
    (scratch / CARD).write_text(text, encoding="utf-8")
    write_json(scratch / CONFIG, timm_config(record))
    return {CARD: scratch / CARD, CONFIG: scratch / CONFIG, WEIGHTS: path}, chosen, told


def timm_config(record: dict[str, str]) -> dict[str, Any]:
    """What timm's `config.json` on the hub holds, from the record inside a checkpoint that whence wrote."""
    classes, recipe = json.loads(record["classes"]), json.loads(record["recipe"])
    network = build(record["arch"], len(classes), 0.0, 0)
    known = pretrained_config(network)
    kept = ("pool_size", "first_conv", "classifier", "fixed_input_size")
    return {
        "architecture": record["arch"],
        "num_classes": len(classes),
        "num_features": int(network.num_features),  # type: ignore[arg-type]
        "label_names": classes,
        "pretrained_cfg": {name: known[name] for name in kept if name in known}
        | {
            "num_classes": len(classes),
            "input_size": [3, recipe["size"], recipe["size"]],
            "interpolation": "bicubic",
            "crop_pct": 1.0,
            "crop_mode": {"squash": "squash", "crop": "center"}[recipe.get("fit", "squash")],
            "mean": json.loads(record["mean"]),
            "std": json.loads(record["std"]),
        },
    }


def known_card(name: str) -> Card | None:
    """The card of a dataset that whence knows by name, without opening it; None for any other."""
    try:
        return card_of(parse_address(name).base)
    except InputError:
        return None


def own_row(path: Path) -> Pretraining | None:
    """What was measured as this checkpoint was made, where it still lies in its job folder."""
    try:
        job = read_job(path.parent)
        recipe = str(job.inputs["recipe"].get("name", ""))
        entry = Entry(
            job, read_record(path)["trained_on"], job.inputs["backbone"], recipe, job.inputs["seed"]
        )
        row = measured(entry, "").row
    except (InputError, OSError, KeyError, ValueError):
        return None
    assert isinstance(row, Pretraining)
    return row
