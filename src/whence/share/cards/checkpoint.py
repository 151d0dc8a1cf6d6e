"""A checkpoint's card for the Hugging Face hub, from the record inside its file and the measurements beside it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from whence.errors import InputError
from whence.records import Card, Outcome, Pretraining
from whence.share.cards.licences import licence_fields
from whence.share.cards.markdown import (
    NOT_A_DEVICE,
    UNKNOWN,
    Raw,
    code,
    document,
    energy,
    facts,
    number,
    plain,
    table,
)

TEST, TRAINED = "test", ("train", "validation")
MOST_CLASSES = 20  # by name


def checkpoint_card(
    path: Path,
    *,
    row: Pretraining | None = None,
    data: Card | None = None,
    outcomes: Sequence[Outcome] = (),
    licence: str | None = None,
) -> str:
    """The card as the hub's YAML and Markdown, of a safetensors file that whence wrote.

    `row` is what its pretraining measured, `data` the card of the dataset that it learned from, `outcomes` the folds
    measured with it as source. Test metrics have a bootstrap interval where the job's predictions lie beside the file.
    The licence is that of the data, unless whoever shares it chose another one, `licence`. Raises `InputError` for a
    file without whence's record.
    """
    from huggingface_hub import EvalResult, ModelCardData

    record = _record(path)
    metrics: dict[str, float] = record.get("metrics", {})
    source, backbone = str(record["trained_on"]), str(record["arch"])
    written = (data.licence if data else None) or record.get("licence") or None
    results = [
        EvalResult(
            task_type="image-classification",
            dataset_type=source,
            dataset_name=(data.title if data else "") or source,
            dataset_split=TEST,
            metric_type=kind,
            metric_value=round(float(metrics[name]), 4),
        )
        for name, kind in (("auc", "roc_auc"), ("accuracy", "accuracy"))
        if math.isfinite(metrics.get(name, math.nan))
    ]
    front = ModelCardData(
        library_name="timm",
        pipeline_tag="image-classification",
        tags=["whence", "transfer-learning", *([data.origin] if data and data.origin else [])],
        model_name=f"{backbone}, {source}" if results else None,
        eval_results=results or None,
        **licence_fields(licence or written),
    )
    return document(
        front,
        f"{backbone} pretrained on {source}",
        f"A source to transfer from: {code(backbone)} trained from random weights on {plain(source)} by whence.",
        {
            "What it learned from": facts(_learned_from(record, data, row)),
            "How": table(("setting", "value"), _recipe(record)),
            "Preprocessing": _preprocessing(record),
            "How good it is at its own task": _metrics(path, metrics, row),
            "As a source": _outcomes(outcomes),
            "Cost": facts(_cost(row)),
            "Licence": _licence(written, licence),
            "Citation": plain(data.citation) if data and data.citation else UNKNOWN,
            "Intended use": NOT_A_DEVICE,
            "Limits": "\n".join(f"- {line}" for line in _limits(row, outcomes)),
        },
    )


def _record(path: Path) -> dict[str, Any]:
    from whence.nets.weights import read_record

    found: dict[str, Any] = dict(read_record(path))
    if "arch" not in found or "trained_on" not in found:
        raise InputError(
            f"{path} holds no record of what it is; a card is made of checkpoints that `whence pretrain` wrote"
        )
    for key in ("classes", "mean", "std", "recipe", "metrics"):
        if isinstance(found.get(key), str) and found[key]:
            found[key] = json.loads(found[key])
    return found


def _learned_from(record: dict[str, Any], data: Card | None, row: Pretraining | None) -> dict[str, object]:
    return {
        "dataset": record["trained_on"],
        "origin": data.origin if data else None,
        "modality": data.modality if data else None,
        "where": data.url if data else None,
        "classes": _classes([str(name) for name in record.get("classes", [])]),
        "training images": f"{row.train_images:,}" if row else None,
        "fingerprint": Raw(code(record["fingerprint"])) if record.get("fingerprint") else None,
        "job": Raw(code(record["job"])) if record.get("job") else None,
    }


def _classes(names: Sequence[str]) -> str | None:
    more = ", …" if len(names) > MOST_CLASSES else ""
    return f"{len(names)}: {', '.join(names[:MOST_CLASSES])}{more}" if names else None


def _recipe(record: dict[str, Any]) -> list[tuple[str, str]]:
    settings = {key: value for key, value in record.get("recipe", {}).items() if (key, value) != ("name", "")}
    settings["seed"] = record.get("seed", UNKNOWN)
    return [(key.replace("_", " "), _value(value)) for key, value in settings.items()]


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key.replace('_', ' ')} {_value(v)}" for key, v in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _preprocessing(record: dict[str, Any]) -> str:
    recipe = record.get("recipe", {})
    size = recipe.get("size")
    how = {"squash": "squashed", "crop": "cropped from the centre"}.get(
        str(recipe.get("fit", "squash")), UNKNOWN
    )
    return facts(
        {
            "size": f"{size} × {size} pixels, {how}, bicubic with antialiasing" if size else None,
            "channels": "3, red, green, blue; grey is repeated",
            "mean": ", ".join(map(str, record["mean"])) if record.get("mean") else None,
            "standard deviation": ", ".join(map(str, record["std"])) if record.get("std") else None,
        }
    )


def _metrics(path: Path, metrics: dict[str, float], row: Pretraining | None) -> str:
    intervals = _intervals(path.parent / "predictions.npz")
    rows = []
    for part in (*TRAINED, TEST):
        prefix = "" if part == TEST else f"{part}_"
        cells = [number(metrics.get(f"{prefix}{name}")) for name in ("auc", "accuracy")]
        if part == TEST:
            cells = [
                cell + intervals.get(name, "") for cell, name in zip(cells, ("auc", "accuracy"), strict=True)
            ]
        rows.append((part, *cells))
    images = f" of {row.test_images:,} images" if row else ""
    told = f"One split, 80–10–10, grouped and stratified; a test part{images} that no choice was made on."
    said = (
        " In brackets: 90 % interval over test images (bootstrap)." if intervals else " No interval is known."
    )
    return f"{table(('part', 'AUC', 'accuracy'), rows)}\n\n{told}{said}"


def _intervals(predictions: Path) -> dict[str, str]:
    import numpy as np

    from whence.stats import accuracy, auc, estimate

    if not predictions.is_file():
        return {}
    with np.load(predictions, allow_pickle=False) as stored:
        labels, probabilities = stored["label"], stored["probabilities"]
    found = {
        name: estimate(metric, labels, probabilities)
        for name, metric in (("auc", auc), ("accuracy", accuracy))
    }
    return {name: f" ({e.low:.3f} to {e.high:.3f})" for name, e in found.items() if e.low == e.low}


def _outcomes(outcomes: Sequence[Outcome]) -> str:
    """Mean and standard deviation over folds for each target, backbone and recipe."""
    groups: dict[tuple[str, str, int], list[float]] = {}
    for one in outcomes:
        groups.setdefault((one.target, one.recipe, one.seed), []).append(one.auc)
    rows = [
        (
            target,
            recipe,
            seed,
            f"{mean(aucs):.3f}" + (f" ± {stdev(aucs):.3f}" if len(aucs) > 1 else ""),
            len(aucs),
        )
        for (target, recipe, seed), aucs in groups.items()
    ]
    if not rows:
        return "Nothing was measured yet with it as source."
    return table(("target", "recipe", "seed", "test AUC, mean ± sd over folds", "folds"), rows)


def _cost(row: Pretraining | None) -> dict[str, object]:
    if row is None:
        return {"time": None, "energy": "not measured"}
    return {
        "epochs": f"{row.epochs}, {'converged' if row.converged else 'not converged'}",
        "time": f"{row.seconds:,.0f} s on {row.device}",
        "energy": energy(row.energy_kwh),
    }


def _licence(of_images: str | None, chosen: str | None) -> str:
    if chosen and chosen != of_images:
        known = f"are under {plain(of_images)}" if of_images else "are under a licence that is not known"
        return f"{plain(chosen)}, as whoever shared them chose; the images from which the weights were made {known}."
    if not of_images:
        return f"{UNKNOWN}: that of the images is not known, and the weights were made from them."
    return f"{plain(of_images)}: that of the images, from which the weights were made."


def _limits(row: Pretraining | None, outcomes: Sequence[Outcome]) -> list[str]:
    told = ["One network, one split, one seed: another seed gives another network."]
    if row is not None and not row.converged:
        told.append(f"Training had not converged{f': {plain(row.note)}' if row.note else ''}.")
    if not outcomes:
        told.append("How well it transfers was not measured: being good at its own task does not tell.")
    return told
