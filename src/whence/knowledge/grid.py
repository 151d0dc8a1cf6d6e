"""What we measured ourselves and ship: sources × small medical targets, and variants of the targets (studies/).

Made from the studies' own tables by `benchmarks/ship_study.py`; what is in them: published/README.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.knowledge.published import read_shipped

if TYPE_CHECKING:
    import pandas as pd

GRID = {
    "medical-grid": "whence: eight sources on six small medical targets, studies/medical-grid.yaml (2026)",
}


def grid_outcomes() -> pd.DataFrame:
    """Every outcome of our own grid, a row per fold: the columns that `knowledge.store.remember` keeps."""
    return _all("outcomes")


def grid_probes() -> pd.DataFrame:
    """The AUC of a linear probe of each source on each fold of each target: columns target, source, fold, auc."""
    return _all("probes")


def grid_scores() -> pd.DataFrame:
    """Transferability scores of the sources on three of the six targets; higher is better.

    Columns: body (the study), measure, source, target, backbone, value, low, high (the 90 % interval, or missing).
    """
    return read_shipped("medical-grid_scores.csv")


def grid_distances() -> pd.DataFrame:
    """Distances between the sources' and the targets' images; lower is closer. Columns as of `grid_scores`."""
    return read_shipped("medical-grid_distances.csv")


def grid_targets() -> pd.DataFrame:
    """What the targets are like: columns target, kind (missing where nobody said), channels, classes, images."""
    return _all("targets")


def grid_sources() -> pd.DataFrame:
    """The sources that are datasets: columns source (its name in the outcomes), fingerprint (of its images)."""
    return read_shipped("medical-grid_sources.csv")


def source_name(name: str, fingerprint: str) -> str:
    """What a source is called among the outcomes: as in our grid if its images are the same ones, else by its name."""
    table = grid_sources()
    same = table.loc[table["fingerprint"] == fingerprint, "source"]
    return str(same.iloc[0]) if len(same) else name


def grid_pace() -> pd.DataFrame:
    """How soon the grid's fine-tunings showed where they would end: the columns of `recommend.pace.Pace`, by share."""
    return read_shipped("medical-grid_pace.csv")


def _all(table: str) -> pd.DataFrame:
    import pandas as pd

    return pd.concat([read_shipped(f"{study}_{table}.csv") for study in GRID], ignore_index=True)
