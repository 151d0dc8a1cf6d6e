"""The numbers of a page, computed again by plain loops and by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from whence.report import StudyResults
from whence.report.cost import cost_table
from whence.report.tables import (
    data_table,
    pretraining_table,
    settings_table,
    unconverged_table,
)
from whence.report.tidy import source_order, summarise, tidy_outcomes

Make = Callable[..., dict[str, Any]]
Aucs = dict[tuple[str, str], list[float]]


def table_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return summarise(tidy_outcomes(pd.DataFrame(rows)))


def mean_and_sd(values: list[float]) -> tuple[float, float]:
    mean = sum(values) / len(values)
    return mean, math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))


def test_numbers_equal_plain_loops(rows: list[dict[str, Any]], aucs: Aucs) -> None:
    table = table_of(rows)
    assert len(table) == len(aucs)
    for row in table.to_dict("records"):
        found = aucs[row["source"], row["target"]]
        assert (row["auc"], row["auc_sd"]) == pytest.approx(mean_and_sd(found))
        assert row["folds"] == 5
        if row["source"] == "none":
            assert math.isnan(row["transferability"])
            continue
        gains = [100 * (a - b) / b for a, b in zip(found, aucs["none", row["target"]], strict=True)]
        assert (row["transferability"], row["transferability_sd"]) == pytest.approx(mean_and_sd(gains))


def test_transferability_by_hand(outcome: Make) -> None:
    rows = [outcome("none", "t", 1, 0.5), outcome("none", "t", 2, 0.8)]
    rows += [outcome("a", "t", 1, 0.6), outcome("a", "t", 2, 0.6)]  # +20 % and −25 %
    first = table_of(rows).iloc[0]
    assert first["source"] == "a"
    assert first["transferability"] == pytest.approx(-2.5)
    assert first["transferability_sd"] == pytest.approx(45 / math.sqrt(2))


def test_only_folds_that_share_a_baseline_are_compared(outcome: Make) -> None:
    rows = [outcome("none", "t", 1, 0.5), outcome("a", "t", 1, 0.6), outcome("a", "t", 2, 0.9)]
    assert table_of(rows).iloc[0]["transferability"] == pytest.approx(20)


def test_seeds_and_backbones_are_not_pooled(outcome: Make) -> None:
    rows = [
        outcome(s, "t", 1, auc, seed=seed) for seed in (1, 2) for s, auc in (("none", 0.5 * seed), ("a", 0.6))
    ]
    table = table_of(rows).query("source == 'a'")
    assert dict(zip(table["configuration"], table["transferability"], strict=True)) == pytest.approx(
        {"seed 1": 20.0, "seed 2": -40.0}
    )


def test_variants_of_a_target_and_recipes_of_a_source_stay_apart(outcome: Make) -> None:
    rows = [outcome("a", "t", 1, 0.6), outcome("a", "t", 1, 0.7, target_variant="n=100")]
    assert set(table_of(rows)["target"]) == {"t", "t [n=100]"}
    rows = [outcome("a", "t", 1, 0.6, source_recipe="1f"), outcome("a", "t", 1, 0.7, source_recipe="2f")]
    assert set(table_of(rows)["source"]) == {"a (1f)", "a (2f)"}
    rows[1]["backbone"] = "resnet50"  # another network was pretrained anew: the source is the same
    assert set(table_of(rows)["source"]) == {"a"}


def test_an_outcome_without_auc_is_left_out(outcome: Make) -> None:
    assert table_of([outcome("a", "t", 1, 0.6), outcome("a", "t", 2, math.nan)]).iloc[0]["folds"] == 1


def test_best_first_and_none_last(rows: list[dict[str, Any]], outcome: Make) -> None:
    table = table_of([*rows, *[outcome("worse", "isic2018", fold, 0.6) for fold in range(1, 6)]])
    assert list(table.loc[table["target"] == "isic2018", "source"]) == ["imagenet", "dtd", "worse", "none"]
    assert source_order(summarise(tidy_outcomes(pd.DataFrame(rows)))) == ["imagenet", "dtd", "none"]


def test_data_table_has_the_papers_columns(results: StudyResults) -> None:
    row = data_table([*results.datasets, {"name": "bare"}]).iloc[0]
    assert (row["dataset"], row["classes"], row["size"]) == ("Chest X-rays", 2, "72 × 72 to 2583 × 2916")


def test_pretraining_and_what_did_not_converge(
    results: StudyResults, outcome: Make, pretraining: Make
) -> None:
    row = pretraining_table(results.pretrainings).iloc[0]
    assert (row["train_accuracy"], row["validation_accuracy"], row["test_accuracy"]) == (0.71, 0.62, 0.61)
    assert (row["test_auc"], row["converged"]) == (0.85, False)
    outcomes = tidy_outcomes(pd.DataFrame([outcome("a", "t", fold, 0.6, converged=False) for fold in (3, 1)]))
    table = unconverged_table(outcomes, pd.DataFrame([pretraining("b", converged=False)]))
    assert list(table["what"]) == ["fine-tuning", "pretraining"]
    assert list(table["folds"]) == ["2, 4", None]


def test_settings_are_flat_text() -> None:
    table = settings_table(
        {"seed": 1, "recipe": {"base": "small", "augmentation": {"strength": 1}}, "x": True}
    )
    assert dict(zip(table["setting"], table["value"], strict=True)) == {
        "seed": "1",
        "recipe.base": "small",
        "recipe.augmentation.strength": "1",
        "x": "yes",
    }


def test_the_published_outcomes_give_the_papers_winner(real_data: Path, outcome: Make) -> None:
    published = pd.read_csv(real_data / "published" / "vandenbrandt2021_outcomes.csv")
    published.loc[published["source"] == published["target"], "source"] = "none"
    rows = [outcome(r["source"], r["target"], r["fold"], r["auc"]) for r in published.to_dict("records")]
    table = table_of(rows)
    assert set(table.groupby("target", sort=False).first()["source"]) == {"imagenet"}
    assert table["folds"].eq(5).all()


def test_cost_is_summed_per_source_with_energy_where_there_is_any(outcome: Make, pretraining: Make) -> None:
    rows = [outcome(s, "t", fold, 0.9, seconds=60.0 * fold) for s in ("a", "none") for fold in (1, 2)]
    own = pd.DataFrame([pretraining("a", seconds=600.0)])
    table = cost_table(tidy_outcomes(pd.DataFrame(rows)), own)
    assert table.frame["all_seconds"].tolist() == [780, 180]
    assert table.blocks[0][1][0][1] == ["a", "10 min", "2 min", "13 min", "cpu"]
    assert table.blocks[0][1][1][1][:2] == ["none (no transfer)", "–"]
    assert "Energy was not measured" in table.caption
    rows[0]["energy_kwh"], rows[0]["co2_g"] = 0.25, 80.0
    table = cost_table(tidy_outcomes(pd.DataFrame(rows)), own)
    assert table.blocks[0][1][0][1][4:] == ["0.250", "80", "cpu"]
    assert table.blocks[0][1][1][1][4:] == ["–", "–", "cpu"]
