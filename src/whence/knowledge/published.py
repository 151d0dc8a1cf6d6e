"""The published outcomes and scores shipped with the package (sources: published/README.md)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

STUDIES = ("vandenbrandt2021", "juodelyte2024")
CITATIONS = {
    "vandenbrandt2021": "van den Brandt et al., Cats, not CAT scans, arXiv:2107.05940 (2021)",
    "juodelyte2024": "Juodelyte et al., On dataset transferability in medical image classification, "
    "arXiv:2412.20172 (2024)",
}


def published_outcomes() -> pd.DataFrame:
    """Every published outcome: columns study, source, target, backbone, fold, auc; a fresh copy at each call.

    `fold` (1 to 5) is missing where a study published only means; AUCs are in [0, 1], higher is better.
    In van den Brandt et al. (2021) a source equal to its target is training from scratch: source `none`.
    """
    import pandas as pd

    table = pd.concat([_read(f"{study}_outcomes.csv") for study in STUDIES], ignore_index=True)
    table["source"] = table["source"].where(table["source"] != table["target"], "none")
    table["fold"] = table["fold"].astype("Int64")
    return table[["study", "source", "target", "backbone", "fold", "auc"]]


def published_scores() -> pd.DataFrame:
    """Published transferability scores: columns study, measure, source, target, value; higher is better.

    From Juodelyte et al. (2024), 11 targets. Pairs of a dataset with itself, published for some measures,
    are dropped: no outcome goes with them. `lp` is neighbourhood components with five nearest neighbours.
    """
    table = _read("juodelyte2024_scores.csv")
    table.insert(0, "study", "juodelyte2024")
    return table[table["source"] != table["target"]].reset_index(drop=True)


def _read(name: str) -> pd.DataFrame:
    return _cached(name).copy()


@cache
def _cached(name: str) -> pd.DataFrame:
    import pandas as pd

    with files("whence.knowledge").joinpath("published", name).open(encoding="utf-8") as file:
        return pd.read_csv(file)
