"""From a finished job's folder to the records of the ledger."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from whence.paths import read_json
from whence.records import CurvePoint, Outcome, Prediction, Pretraining
from whence.study.ledger import Measured
from whence.study.plan import Entry


def measured(entry: Entry, study: str) -> Measured:
    """Read what a finished job measured; `study` is the name under which it is written down."""
    folder, key = entry.job.folder, entry.job.key
    result = read_json(folder / "result.json")
    record = Outcome if entry.job.kind == "finetune" else Pretraining
    known: dict[str, Any] = {
        **result,
        "engine": read_json(folder / "job.json").get("engine", ""),
        "study": study,
        "source": entry.source,
        "source_recipe": entry.source_recipe,
        "target": entry.target,
        "target_variant": "",
        "backbone": entry.backbone,
        "recipe": entry.recipe,
        "fold": entry.fold,
        "seed": entry.seed,
        "job": key,
    }
    row = record(**{f.name: known[f.name] for f in fields(record) if f.name in known})
    curve = [CurvePoint(**point) for point in read_json(folder / "curves.json")]
    return Measured(row, curve, _predictions(entry))


def _predictions(entry: Entry) -> list[Prediction]:
    import numpy as np

    with np.load(entry.job.folder / "predictions.npz", allow_pickle=False) as stored:
        return [
            Prediction(
                entry.job.key, entry.fold, str(image), int(label), tuple(float(p) for p in probabilities)
            )
            for image, label, probabilities in zip(
                stored["image"], stored["label"], stored["probabilities"], strict=True
            )
        ]
