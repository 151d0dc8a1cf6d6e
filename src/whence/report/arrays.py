"""Outcomes and measures as arrays of sources × targets × folds, as `whence.stats` takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from whence.report.words import NONE

Floats = NDArray[np.float64]
USUAL_RATIO = 1 / 8  # test over training images of 80–10–10, where a table does not say


@dataclass(frozen=True)
class Grid:
    """One configuration of a study: `auc` and `gain` (percent) have shape (S, T, F), NaN where not measured.

    `sources` and `targets` are the short names, `sources_full` and `targets_full` those of the study; `none` is not
    among the sources, its AUCs (T, F) are `baseline`. `backbone` is the network, "" where there are several.
    """

    sources: list[str]
    targets: list[str]
    sources_full: list[str]
    targets_full: list[str]
    auc: Floats
    gain: Floats
    baseline: Floats
    backbone: str = ""


def grid_of(tidy: pd.DataFrame) -> Grid:
    """The arrays of the rows of one configuration of `tidy.tidy_outcomes`."""
    named = tidy[tidy["source"] != NONE]
    sources = dict(zip(named["source_name"], named["source"], strict=True))
    targets = dict(zip(tidy["target_name"], tidy["target"], strict=True))
    folds = sorted(set(tidy["fold"]))
    shape = len(sources), len(targets), len(folds)
    auc, gain = np.full(shape, np.nan), np.full(shape, np.nan)
    baseline = np.full(shape[1:], np.nan)
    place = [{name: i for i, name in enumerate(names)} for names in (sources, targets, folds)]
    for row in tidy.itertuples():
        target, fold = place[1][row.target_name], place[2][row.fold]
        if row.source == NONE:
            baseline[target, fold] = row.auc
        else:
            auc[place[0][row.source_name], target, fold] = row.auc
            gain[place[0][row.source_name], target, fold] = row.gain
    networks = set(tidy["backbone"])
    return Grid(
        list(sources),
        list(targets),
        list(sources.values()),
        list(targets.values()),
        auc,
        gain,
        baseline,
        networks.pop() if len(networks) == 1 else "",
    )


def promise_of(grid: Grid, values: pd.DataFrame) -> Floats:
    """A measure's values (S, T), oriented so that higher promises more: a distance is negated.

    `values` are the rows of one measure: columns kind, source, target, value; sources and targets by their full or
    their short names. A value that names another `backbone` than the grid's does not count. Several values of a
    pair count by their mean. NaN where there is none.
    """
    found = np.full((len(grid.sources), len(grid.targets)), np.nan)
    if grid.backbone and "backbone" in values:
        values = values[values["backbone"].isna() | values["backbone"].isin(["", grid.backbone])]
    means = values.groupby(["source", "target"])["value"].mean()
    sign = -1.0 if (values["kind"] == "distance").any() else 1.0
    for s, names in enumerate(zip(grid.sources, grid.sources_full, strict=True)):
        for t, aims in enumerate(zip(grid.targets, grid.targets_full, strict=True)):
            for key in ((name, aim) for name in names for aim in aims):
                if key in means.index:
                    found[s, t] = sign * float(means[key])
                    break
    return found


def test_to_train(folds: pd.DataFrame) -> float:
    """Test images over training images of a fold, on average; the usual ratio where the table does not say."""
    images = folds[["test_images", "train_images"]].apply(pd.to_numeric, errors="coerce").mean()
    ratio: Any = images["test_images"] / images["train_images"]
    return float(ratio) if ratio > 0 else USUAL_RATIO
