"""The paper's own analysis, from its published outcomes and distances: its numbers as printed and as named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from whence.data.named import card_of
from whence.knowledge import (
    published_datasets,
    published_distances,
    published_draws,
    published_outcomes,
    published_pretrainings,
    published_settings,
)
from whence.records import Outcome, column_names
from whence.report.arrays import grid_of
from whence.report.differences import Difference, differences
from whence.report.figures import Figure, auc_bars, auc_heat_map
from whence.report.measures import NAMES, long_table, measures_long, measures_table
from whence.report.scatter import scatter_panel
from whence.report.table import Table
from whence.report.tidy import summarise, tidy_outcomes
from whence.report.words import NONE, count, number, plus_minus, signed
from whence.stats import tested, transferability

STUDY = "vandenbrandt2021"
DISTANCES = {"expert": "experts", "task2vec": "Task2Vec"}
STATISTICS = ("pearson", "spearman", "kendall")
PRINTED = {("expert", "pearson", 24): 0.24, ("task2vec", "pearson", 24): -0.11}
DRAWS = 2000


@dataclass(frozen=True)
class PaperAnalysis:
    """All that `whence paper` writes: tables, figures, correlations, and what differs from the paper and why."""

    tables: list[Table]
    figures: list[Figure]
    correlations: list[dict[str, Any]]
    differences: list[Difference]

    def document(self) -> dict[str, Any]:
        """The document of `whence paper --json`."""
        return {
            "tables": {table.name: _plain(table) for table in self.tables},
            "correlations": self.correlations,
        }


def analyse() -> PaperAnalysis:
    """Compute everything from the data shipped with the package; nothing is fetched."""
    tidy = tidy_outcomes(_outcomes())
    summary = summarise(tidy)
    pairs = pairs_of(tidy)
    correlations = correlations_of(pairs)
    grid = grid_of(tidy)
    values = published_distances().assign(kind="distance")
    values = values[values["source"] != values["target"]]
    long = measures_long(grid, values, DRAWS)
    bars = replace(auc_bars(tidy, summary), name="figure_3", title="AUC by source (the paper’s Figure 3)")
    figures = [bars, auc_heat_map(summary), figure_four(pairs)]
    tables = [
        table_one(),
        table_two(),
        table_three(),
        _correlation_table(correlations),
        _pair_table(pairs),
        measures_table(grid, values, long, draws=DRAWS),
        long_table(long),
    ]
    return PaperAnalysis(tables, figures, correlations, differences(correlations, once_each(pairs)))


def pairs_of(tidy: pd.DataFrame) -> pd.DataFrame:
    """The 24 pairs: source, target, auc, auc_sd, folds, transferability (equation (1) of the mean AUCs), the distances.

    As in the paper, a target's own baseline is the pair of it with itself, which has transferability 0.
    """
    own = tidy.assign(source=tidy["source"].where(tidy["source"] != NONE, tidy["target"]))
    grouped = own.groupby(["source", "target"], sort=False)["auc"]
    pairs: pd.DataFrame = grouped.agg(auc="mean", auc_sd="std", folds="size").reset_index()
    baseline = pairs[pairs["source"] == pairs["target"]].set_index("target")["auc"]
    pairs["transferability"] = transferability(pairs["auc"], pairs["target"].map(baseline))
    wide = published_distances().pivot(index=["source", "target"], columns="measure", values="value")
    return pairs.merge(wide.reset_index(), on=["source", "target"], how="left")


def correlations_of(pairs: pd.DataFrame) -> list[dict[str, Any]]:
    """Every distance × statistic, over all 24 pairs and without the 3 of a dataset with itself."""
    others = pairs[pairs["source"] != pairs["target"]]
    found = []
    for distance in DISTANCES:
        for part in (pairs, others):
            for statistic in STATISTICS:
                value, p = tested(part[distance], part["transferability"], statistic)
                key = distance, statistic, len(part)
                row = {
                    "distance": distance,
                    "statistic": statistic,
                    "pairs": len(part),
                    "value": value,
                    "p": p,
                }
                found.append(row | {"printed": PRINTED.get(key)})
    return found


def once_each(pairs: pd.DataFrame) -> float:
    """Pearson's r of Task2Vec over all 24 pairs, had each of its three different draws counted once."""
    draws = published_draws().drop_duplicates(["source", "target", "distance"])
    means = draws.groupby(["source", "target"])["distance"].mean()
    distance = means.loc[list(zip(pairs["source"], pairs["target"], strict=True))].to_list()
    return tested(distance, pairs["transferability"], "pearson")[0]


def figure_four(pairs: pd.DataFrame) -> Figure:
    """Both panels of Figure 4: transferability over either distance."""
    panels = []
    for distance, title in DISTANCES.items():
        value, _ = tested(pairs[distance], pairs["transferability"], "pearson")
        said = [f"{plus_minus(row.auc, row.auc_sd, 4)} over {row.folds} folds" for row in pairs.itertuples()]
        points = pairs.rename(columns={distance: "x", "transferability": "y"}).assign(said=said)
        panels.append(
            scatter_panel(
                title,
                points,
                "distance between source and target",
                "transferability (%)",
                f"Points: transferability over the distance by {title} for 24 pairs; the line rises or falls with "
                f"Pearson’s r of {signed(value)}. The numbers are in the table of pairs.",
            )
        )
    caption = (
        "Transferability (equation (1)) over the distance of source and target, all 24 pairs of the paper; each "
        "point is named by its source, colour and shape tell the target. Line: least squares with its 95 % band, "
        "which takes the pairs for independent."
    )
    return Figure("figure_4", "Transferability and distance (the paper’s Figure 4)", caption, panels)


def table_one() -> Table:
    """Table I as printed, beside the counts that the datasets really have."""
    table = published_datasets()
    expected = [card_of(f"paper:{name}").expected for name in table["dataset"]]
    for key in ("images", "classes"):
        table[f"expected_{key}"] = pd.array([one.get(key) for one in expected], dtype="Int64")
    differs = table["expected_images"].notna() & (table["expected_images"] != table["images"])
    table["differs"] = differs.map({True: "≠", False: ""})
    table["origin"] = table["origin"].map({"natural": "Non-medical", "medical": "Medical"})
    return Table(
        "table_1",
        "Datasets (the paper’s Table I)",
        "The nine datasets as the paper prints them, beside the number of labelled images that each really holds. "
        "≠ marks where the two differ; of STI-10 no list of images was published.",
        table,
        {
            "title": "Dataset",
            "origin": "Origin",
            "images": "Size, printed",
            "expected_images": "Size, real",
            "differs": "",
            "classes": "Classes",
            "image_size": "Image size",
            "channels": "Channels",
        },
        {"images": count, "expected_images": count, "differs": str, "classes": count, "channels": count},
        words=frozenset({"differs"}),
    )


def table_two() -> Table:
    """Table II: what the sources' own networks reached."""
    return Table(
        "table_2",
        "Pretraining (the paper’s Table II)",
        "Accuracy of the sources’ own networks on their training, validation and test images, and the AUC for the "
        "medical ones; single splits, as published.",
        published_pretrainings(),
        {
            "dataset": "Dataset",
            "train_accuracy": "Train acc.",
            "valid_accuracy": "Valid. acc.",
            "test_accuracy": "Test acc.",
            "test_auc": "Test AUC",
        },
        dict.fromkeys(("train_accuracy", "valid_accuracy", "test_accuracy", "test_auc"), number),
    )


def table_three() -> Table:
    """Table III: settings of pretraining."""
    return Table(
        "table_3",
        "Pretraining settings (the paper’s Table III)",
        "Image size, batch size, learning rate, the epoch after which it was halved, and epochs; as published.",
        published_settings(),
        {
            "dataset": "Source",
            "image_size": "Image size",
            "batch": "Batch",
            "learning_rate": "Learning rate",
            "halved_after": "Halved after",
            "epochs": "Epochs",
        },
        {
            "learning_rate": lambda rate: f"{float(rate):.0e}",
            "halved_after": count,
            "batch": count,
            "epochs": count,
        },
    )


def _correlation_table(correlations: list[dict[str, Any]]) -> Table:
    frame = pd.DataFrame(correlations)
    frame["pairs_said"] = [f"{n} ({'all' if n == 24 else 'without self-pairs'})" for n in frame["pairs"]]
    best = frozenset(frame.index[frame["printed"].notna()])
    return Table(
        "correlations",
        "Correlations with transferability",
        "Correlation of either distance with transferability. Bold: the two that the paper prints, calling them "
        "Spearman’s. The p-values are the usual two-sided ones, which take the pairs for independent.",
        frame,
        {
            "distance": "Distance",
            "pairs_said": "Pairs",
            "statistic": "Statistic",
            "value": "Value",
            "p": "p",
            "printed": "Printed",
        },
        {
            "distance": lambda name: DISTANCES[str(name)],
            "statistic": lambda name: NAMES[str(name)],
            "value": signed,
            "p": number,
            "printed": lambda value: "–" if pd.isna(value) else f"ρ = {signed(value, 2)}",
        },
        best=best,
        words=frozenset({"distance", "statistic"}),
    )


def _pair_table(pairs: pd.DataFrame) -> Table:
    said = [plus_minus(row.auc, row.auc_sd) for row in pairs.itertuples()]
    order = pairs.assign(said=said).sort_values(
        "target", kind="stable", key=lambda names: pd.factorize(names)[0]
    )
    return Table(
        "pairs",
        "The points of Figure 4",
        "Mean AUC ± standard deviation over five folds, transferability by equation (1) from the mean AUCs, and both "
        "distances.",
        order,
        {
            "source": "Source",
            "said": "AUC",
            "transferability": "Transferability (%)",
            "expert": "Experts",
            "task2vec": "Task2Vec",
        },
        {
            "said": str,
            "transferability": lambda value: signed(value, 2),
            "expert": lambda value: number(value, 0),
            "task2vec": number,
        },
        group="target",
    )


def _outcomes() -> pd.DataFrame:
    table = published_outcomes()
    table = table[table["study"] == STUDY].reset_index(drop=True)
    blank: dict[str, Any] = {
        "source_recipe": "",
        "target_variant": "",
        "recipe": "paper",
        "seed": 0,
        "note": "",
    }
    blank |= {"converged": True, "fold": table["fold"].astype(int)}
    return table.assign(**blank).reindex(columns=column_names(Outcome))


def _plain(table: Table) -> list[dict[str, Any]]:
    return [{key: None if pd.isna(value) else value for key, value in row.items()} for row in table.rows]
