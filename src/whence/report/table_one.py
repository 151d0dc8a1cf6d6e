"""The paper's Table I from the data: one row per dataset, as text, CSV or LaTeX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from whence.errors import unknown_name
from whence.report.words import MISSING, display_names

FORMATS = ("text", "csv", "latex")
COLUMNS = ("Dataset", "Origin", "Size", "Classes", "Image Size", "Channels")
CAPTION = (
    "Datasets with their properties: name, medical or non-medical origin, number of images, number of classes, "
    "image size (width x height in pixels, or the range), number of channels."
)
_ORIGINS = {"medical": "Medical", "natural": "Non-medical"}


def table_one(documents: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The documents of `whence datasets show` as the paper's Table I, with its columns and its way of writing sizes."""
    short = display_names(str(document["name"]) for document in documents)
    rows = [
        (
            document.get("title") or short[str(document["name"])],
            _ORIGINS.get(str(document.get("origin")), MISSING),
            int(document["images"]),
            len(document["classes"]),
            _sizes(document["size"]),
            int(document["channels"]),
        )
        for document in documents
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def written(table: pd.DataFrame, how: str) -> str:
    """Table I in one of `FORMATS`. Raises `InputError` for another."""
    if how == "csv":
        return table.to_csv(index=False)
    counted = table.assign(**{name: [f"{n:,}" for n in table[name]] for name in ("Size", "Classes")})
    if how == "latex":
        return counted.to_latex(
            index=False,
            escape=True,
            column_format="llrrlr",
            caption=CAPTION,
            label="tab:datasets",
            position="t",
        )
    if how == "text":
        return _aligned([list(COLUMNS), *counted.astype(str).to_numpy().tolist()])
    raise unknown_name("format", how, FORMATS)


def _sizes(size: Mapping[str, Sequence[int]]) -> str:
    smallest, largest = (f"{width}x{height}" for height, width in (size["min"], size["max"]))
    return smallest if smallest == largest else f"[{smallest}, {largest}]"


def _aligned(rows: list[list[str]]) -> str:
    numeric = {COLUMNS.index(name) for name in ("Size", "Classes", "Channels")}
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    lines = [
        "  ".join(
            cell.rjust(widths[i]) if i in numeric else cell.ljust(widths[i]) for i, cell in enumerate(row)
        )
        for row in rows
    ]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join(line.rstrip() for line in [lines[0], rule, *lines[1:]]) + "\n"
