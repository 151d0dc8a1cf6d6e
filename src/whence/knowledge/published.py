"""The published outcomes, scores and distances shipped with the package (sources: published/README.md)."""

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

    table = pd.concat([read_shipped(f"{study}_outcomes.csv") for study in STUDIES], ignore_index=True)
    table["source"] = table["source"].where(table["source"] != table["target"], "none")
    table["fold"] = table["fold"].astype("Int64")
    return table[["study", "source", "target", "backbone", "fold", "auc"]]


def published_scores() -> pd.DataFrame:
    """Published transferability scores: columns study, measure, source, target, value; higher is better.

    From Juodelyte et al. (2024), 11 targets. Pairs of a dataset with itself, published for some measures,
    are dropped: no outcome goes with them. `lp` is neighbourhood components with five nearest neighbours.
    """
    table = read_shipped("juodelyte2024_scores.csv")
    table.insert(0, "study", "juodelyte2024")
    return table[table["source"] != table["target"]].reset_index(drop=True)


def published_distances() -> pd.DataFrame:
    """Published dataset distances: columns study, measure, source, target, value; lower is closer.

    From van den Brandt et al. (2021): `expert` (0 to 6) and `task2vec` (the mean of five draws), with the pairs of a
    target with itself, which the paper counts.
    """
    import pandas as pd

    expert = read_shipped("vandenbrandt2021_expert_distances.csv").assign(measure="expert")
    means = published_draws().groupby(["source", "target"], sort=False)["distance"].mean().reset_index()
    table = pd.concat([expert, means.assign(measure="task2vec")], ignore_index=True)
    table = table.rename(columns={"distance": "value"}).assign(study="vandenbrandt2021")
    return table[["study", "measure", "source", "target", "value"]]


def published_draws() -> pd.DataFrame:
    """The five cosine distances of each pair behind `task2vec`: columns source, target, pair (1 to 5), distance."""
    return read_shipped("vandenbrandt2021_task2vec_distances.csv")


def published_pretrainings() -> pd.DataFrame:
    """The paper's Table II: columns dataset, train_accuracy, valid_accuracy, test_accuracy, test_auc."""
    return read_shipped("vandenbrandt2021_pretrainings.csv")


def published_datasets() -> pd.DataFrame:
    """The paper's Table I as printed: columns dataset, title, origin, images, classes, image_size, channels."""
    return read_shipped("vandenbrandt2021_datasets.csv")


def published_settings() -> pd.DataFrame:
    """The paper's Table III: columns dataset, image_size, batch, learning_rate, halved_after (an epoch), epochs."""
    table = read_shipped("vandenbrandt2021_settings.csv")
    return table.assign(halved_after=table["halved_after"].astype("Int64"))


def read_shipped(name: str) -> pd.DataFrame:
    """A table of the folder `published`; a fresh copy at each call."""
    return _cached(name).copy()


@cache
def _cached(name: str) -> pd.DataFrame:
    import pandas as pd

    with files("whence.knowledge").joinpath("published", name).open(encoding="utf-8") as file:
        return pd.read_csv(file, keep_default_na=False, na_values=[""])  # a source may be called none
