"""The facts about a dataset that `whence datasets show` prints."""

from __future__ import annotations

from typing import Any

import numpy as np

from whence.data.checks import check
from whence.data.dataset import Dataset
from whence.data.shortcuts import shortcuts
from whence.data.survey import Survey, survey
from whence.data.threads import Progress
from whence.records import as_row


def describe(dataset: Dataset, progress: Progress | None = None) -> dict[str, Any]:
    """The JSON document of `datasets show`: the properties, and what the checks find.

    `shortcuts` are AUCs of the class from one feature alone. Surveys the dataset if that was not done before.
    Raises `UnreadableImage`.
    """
    seen = survey(dataset, progress)
    return _properties(dataset, seen) | {
        "shortcuts": {one.feature: round(one.auc, 4) for one in shortcuts(dataset, seen)},
        "findings": [as_row(finding) for finding in check(dataset, seen)],
    }


def properties(dataset: Dataset, progress: Progress | None = None) -> dict[str, Any]:
    """The part of the document that the paper's Table I is made of; surveys the dataset too.

    `size` spans heights and widths in pixels, each on its own; `channels` is 1 only where every image is
    grey; `groups` counts the named groups (0 where none are known); `splits` counts images by given split; `title`,
    `origin` and `modality` are the card's, null where it does not say. Raises `UnreadableImage`.
    """
    return _properties(dataset, survey(dataset, progress))


def _properties(dataset: Dataset, seen: Survey) -> dict[str, Any]:
    names = set() if dataset.groups is None else set(dataset.groups.tolist()) - {""}
    splits = [] if dataset.splits is None else dataset.splits.tolist()
    return {
        "name": dataset.name,
        "title": dataset.card.title or None,
        "origin": dataset.card.origin,
        "modality": dataset.card.modality,
        "images": len(dataset),
        "classes": list(dataset.class_names),
        "counts": dataset.class_counts(),
        "size": {
            "min": [int(np.min(seen.height)), int(np.min(seen.width))],
            "max": [int(np.max(seen.height)), int(np.max(seen.width))],
        },
        "channels": int(np.max(seen.channels)),
        "groups": len(names),
        "splits": {name: splits.count(name) for name in ("train", "val", "test") if name in splits},
        "fingerprint": dataset.fingerprint,
    }
