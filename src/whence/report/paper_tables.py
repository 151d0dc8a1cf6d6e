"""The tables of the paper: I as printed beside the real counts, II, III, and the numbers behind Figure 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from whence.data.named import card_of
from whence.knowledge import published_datasets, published_pretrainings, published_settings
from whence.report.measures import NAMES
from whence.report.table import Table
from whence.report.words import count, number, plus_minus, signed


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


def correlation_table(correlations: list[dict[str, Any]], distances: Mapping[str, str]) -> Table:
    """The rows of `paper.correlations_of`; `distances` are the names of the distances."""
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
            "distance": lambda name: distances[str(name)],
            "statistic": lambda name: NAMES[str(name)],
            "value": signed,
            "p": number,
            "printed": lambda value: "–" if pd.isna(value) else f"ρ = {signed(value, 2)}",
        },
        best=best,
        words=frozenset({"distance", "statistic"}),
    )


def pair_table(pairs: pd.DataFrame) -> Table:
    """The rows of `paper.pairs_of`, target by target."""
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
