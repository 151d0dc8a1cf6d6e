"""The paper's own analysis, from its published outcomes and distances: its numbers as printed and as named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from whence.knowledge import published_distances, published_draws, published_outcomes
from whence.records import Outcome, column_names
from whence.report.arrays import grid_of
from whence.report.bars import auc_bars
from whence.report.differences import Difference, differences
from whence.report.figures import Figure
from whence.report.heat_map import auc_heat_map
from whence.report.measures import long_table, measures_long, measures_table
from whence.report.paper_tables import correlation_table, pair_table, table_one, table_three, table_two
from whence.report.scatter import scatter_panel
from whence.report.table import Table
from whence.report.tidy import summarise, tidy_outcomes
from whence.report.words import NONE, plus_minus, signed
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
        correlation_table(correlations, DISTANCES),
        pair_table(pairs),
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
