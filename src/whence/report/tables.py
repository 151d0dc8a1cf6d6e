"""The tables of a study, as data frames of plain values: what a page shows and an export writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from whence.report.tidy import configuration_labels
from whence.report.words import display_names, is_missing


def data_table(datasets: list[dict[str, Any]]) -> pd.DataFrame:
    """The datasets and their properties (the paper's Table I), one row each.

    Columns: `dataset, name, origin, modality, images, classes, size, channels, role, licence`; `classes` is a
    count, `size` reads "96 × 96" (height × width) or "72 × 72 to 2583 × 2916", `name` is the full name.
    """
    short = display_names(str(document.get("name", "")) for document in datasets)
    rows = [
        {
            "dataset": document.get("title") or short[str(document.get("name", ""))],
            "name": str(document.get("name", "")),
            "origin": document.get("origin"),
            "modality": document.get("modality"),
            "images": document.get("images"),
            "classes": _how_many(document.get("classes")),
            "size": size_text(document.get("size")),
            "channels": document.get("channels"),
            "role": document.get("role"),
            "licence": document.get("licence"),
        }
        for document in datasets
    ]
    columns = [
        "dataset",
        "name",
        "origin",
        "modality",
        "images",
        "classes",
        "size",
        "channels",
        "role",
        "licence",
    ]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def pretraining_table(pretrainings: pd.DataFrame) -> pd.DataFrame:
    """What each source's own network reached (the paper's Table II), in the order of `pretrainings`.

    Columns: `source, source_full, configuration, train_accuracy, validation_accuracy, test_accuracy, test_auc,
    epochs, converged, note`.
    """
    short = display_names(pretrainings["source"].astype(str))
    table = pretrainings.assign(
        source_full=pretrainings["source"],
        source=[short[str(name)] for name in pretrainings["source"]],
        configuration=configuration_labels(pretrainings),
    ).rename(columns={"accuracy": "test_accuracy", "auc": "test_auc"})
    columns = ["source", "source_full", "configuration", "train_accuracy", "validation_accuracy"]
    return table[[*columns, "test_accuracy", "test_auc", "epochs", "converged", "note"]].reset_index(
        drop=True
    )


def unconverged_table(tidy: pd.DataFrame, pretrainings: pd.DataFrame) -> pd.DataFrame:
    """The trainings that did not converge, those of one pair with one note together.

    Columns: `what` ("fine-tuning" or "pretraining"), `source`, `target`, `folds` ("1, 4", counted from 1; None for a
    pretraining), `configuration`, `note`.
    """
    flags = tidy[~tidy["converged"].astype(bool)]
    keys = ["source_name", "target_name", "configuration", "note"]
    rows: list[tuple[Any, ...]] = [
        (
            "fine-tuning",
            source,
            target,
            ", ".join(str(fold + 1) for fold in sorted(part["fold"])),
            configuration,
            note,
        )
        for (source, target, configuration, note), part in flags.groupby(keys, sort=False)
    ]
    own = pretraining_table(pretrainings)
    rows += [
        ("pretraining", row.source, None, None, row.configuration, row.note)
        for row in own[~own["converged"].astype(bool)].itertuples()
    ]
    return pd.DataFrame(
        rows, columns=["what", "source", "target", "folds", "configuration", "note"], dtype=object
    )


def settings_table(settings: Mapping[str, Any], origins: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Settings as `setting, value, origin` rows of text; a mapping within a mapping becomes `outer.inner`.

    `origins` says of a setting where its value comes from; "" where it does not.
    """
    flat: list[tuple[str, str, str]] = []
    known = origins or {}

    def add(prefix: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for name, inner in value.items():
                add(f"{prefix}.{name}" if prefix else str(name), inner)
        else:
            flat.append((prefix, _plain(value), known.get(prefix, known.get(prefix.partition(".")[0], ""))))

    add("", settings)
    return pd.DataFrame(flat, columns=["setting", "value", "origin"])


def size_text(size: Any) -> str | None:
    """The size of a dataset's images, height × width, as one size or a range; None where it is not known."""
    if not isinstance(size, Mapping) or is_missing(size.get("min")) or is_missing(size.get("max")):
        return None
    smallest, largest = (" × ".join(str(int(side)) for side in size[end]) for end in ("min", "max"))
    return smallest if smallest == largest else f"{smallest} to {largest}"


def _how_many(classes: Any) -> int | None:
    if classes is None:
        return None
    return int(classes) if isinstance(classes, (int, float)) else len(classes)


def _plain(value: Any) -> str:
    if value is None:
        return "none set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(item) for item in value)
    return str(value)
