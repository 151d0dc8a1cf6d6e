"""The facts about a dataset that `whence datasets show` prints."""

from __future__ import annotations

from typing import Any

import numpy as np

from whence.data.checks import check
from whence.data.dataset import Dataset
from whence.data.survey import survey
from whence.data.threads import Progress
from whence.records import as_row


def describe(dataset: Dataset, progress: Progress | None = None) -> dict[str, Any]:
    """The JSON document of `datasets show`; surveys the dataset if that was not done before.

    `size` spans heights and widths in pixels, each on its own; `channels` is 1 only where every image is
    grey; `groups` counts the named groups (0 where none are known); `splits` counts images by given split.
    Raises `UnreadableImage`.
    """
    seen = survey(dataset, progress)
    names = set() if dataset.groups is None else set(dataset.groups.tolist()) - {""}
    splits = [] if dataset.splits is None else dataset.splits.tolist()
    return {
        "name": dataset.name,
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
        "findings": [as_row(finding) for finding in check(dataset, seen)],
    }
