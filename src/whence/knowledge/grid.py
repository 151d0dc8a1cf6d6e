"""What we measured ourselves and ship: eight sources on six small medical targets (studies/medical-grid.yaml).

Made from the study's own tables by `benchmarks/ship_study.py`; what is in them: published/README.md.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from whence.knowledge.published import read_shipped

if TYPE_CHECKING:
    import pandas as pd

NAME = "medical-grid"
GRID = {NAME: "whence: eight sources on six small medical targets, studies/medical-grid.yaml (2026)"}


def grid_outcomes() -> pd.DataFrame:
    """Every outcome of our own grid, a row per fold: the columns that `knowledge.store.remember` keeps."""
    return read_shipped(f"{NAME}_outcomes.csv")


def grid_probes() -> pd.DataFrame:
    """The AUC of a linear probe of each source on each fold of each target: columns target, source, fold, auc."""
    return read_shipped(f"{NAME}_probes.csv")


def grid_scores() -> pd.DataFrame:
    """Transferability scores of the sources on three of the six targets; higher is better.

    Columns: body (the study), measure, source, target, backbone, value, low, high (the 90 % interval, or missing).
    """
    return read_shipped(f"{NAME}_scores.csv")


def grid_distances() -> pd.DataFrame:
    """Distances between the sources' and the targets' images; lower is closer. Columns as of `grid_scores`."""
    return read_shipped(f"{NAME}_distances.csv")


def grid_targets() -> pd.DataFrame:
    """What the targets are like: columns target, kind (missing where nobody said), channels, classes, images."""
    return read_shipped(f"{NAME}_targets.csv")


def grid_pace() -> pd.DataFrame:
    """How soon the grid's fine-tunings showed where they would end: the columns of `recommend.pace.Pace`, by share."""
    return read_shipped(f"{NAME}_pace.csv")


@cache
def grid_sources() -> Mapping[str, str]:
    """The sources that are datasets: the fingerprint of their images → their name among the outcomes.

    Read without pandas, since every plan of a study asks for it.
    """
    with (
        files("whence.knowledge").joinpath("published", f"{NAME}_sources.csv").open(encoding="utf-8") as file
    ):
        return {row["fingerprint"]: row["source"] for row in csv.DictReader(file)}


def source_name(name: str, fingerprint: str) -> str:
    """What a source is called among the outcomes: as in our grid if its images are the same ones, else by its name."""
    return grid_sources().get(fingerprint, name)
