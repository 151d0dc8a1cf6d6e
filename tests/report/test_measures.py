"""Measures against outcomes: oriented, joined by either name, counted against plain loops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from whence.errors import InputError
from whence.knowledge.values import read_values
from whence.report import StudyResults
from whence.report.arrays import grid_of, promise_of
from whence.report.measures import AT_RANDOM, MEAN_RANK, WINNER, measure_figure, measures_long, measures_table
from whence.report.tidy import tidy_outcomes


@pytest.fixture
def tidy(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Thirty outcomes."""
    return tidy_outcomes(pd.DataFrame(rows))


def values_of(kind: str, numbers: dict[tuple[str, str], float], name: str = "m") -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"measure": name, "kind": kind, "source": source, "target": target, "value": value}
            for (source, target), value in numbers.items()
        ]
    )


def test_the_grid_holds_every_fold(tidy: pd.DataFrame, aucs: dict[tuple[str, str], list[float]]) -> None:
    grid = grid_of(tidy)
    assert (grid.sources, grid.targets) == (["imagenet", "dtd"], ["isic2018", "chest-xray"])
    for s, source in enumerate(grid.sources):
        for t, target in enumerate(grid.targets):
            assert grid.auc[s, t].tolist() == aucs[source, target]
            gains = [
                100 * (a - b) / b for a, b in zip(aucs[source, target], aucs["none", target], strict=True)
            ]
            np.testing.assert_allclose(grid.gain[s, t], gains)
    assert grid.baseline[0].tolist() == aucs["none", "isic2018"]


def test_a_distance_is_negated_and_a_missing_pair_stays_missing(tidy: pd.DataFrame) -> None:
    grid = grid_of(tidy)
    numbers = {("imagenet", "isic2018"): 2.0, ("dtd", "chest-xray"): 3.0, ("unknown", "isic2018"): 9.0}
    for kind, sign in (("score", 1), ("distance", -1)):
        promise = promise_of(grid, values_of(kind, numbers))
        np.testing.assert_array_equal(promise, sign * np.array([[2, np.nan], [np.nan, 3]]))


def test_a_score_counts_for_the_network_that_it_was_measured_with(tidy: pd.DataFrame) -> None:
    grid = grid_of(tidy)
    assert grid.backbone == "resnet18"
    pair = {("imagenet", "isic2018"): 2.0}
    own, other = values_of("score", pair), values_of("score", {("imagenet", "isic2018"): 9.0})
    both = pd.concat([own.assign(backbone="resnet18"), other.assign(backbone="resnet50")])
    assert promise_of(grid, both)[0, 0] == 2
    unsaid = pd.concat([own, other.assign(backbone="resnet50")])
    assert promise_of(grid, unsaid)[0, 0] == 2
    assert np.isnan(promise_of(grid, other.assign(backbone="resnet50"))).all()


def test_a_symmetric_distance_counts_in_both_directions(tmp_path: Path) -> None:
    """Task2Vec's asymmetric form and a distance that nobody knows stay as they are; what is given is kept."""
    rows = ["task2vec,a,b,1", "task2vec,c,d,2", "task2vec,d,c,3", "task2vec_asymmetric,a,b,4", "ours,a,b,5"]
    (tmp_path / "distances.csv").write_text(
        "\n".join(["measure,source,target,value", *rows]), encoding="utf-8"
    )
    found = read_values(tmp_path).set_index(["measure", "source", "target"])["value"].to_dict()
    assert found == {
        ("task2vec", "a", "b"): 1,
        ("task2vec", "b", "a"): 1,
        ("task2vec", "c", "d"): 2,
        ("task2vec", "d", "c"): 3,
        ("task2vec_asymmetric", "a", "b"): 4,
        ("ours", "a", "b"): 5,
    }


def test_a_paper_sized_table(paper_sized: StudyResults) -> None:
    grid = grid_of(tidy_outcomes(paper_sized.outcomes))
    long = measures_long(grid, paper_sized.values, draws=100)
    pairs = [
        (
            -row["value"],
            np.mean(grid.gain[grid.sources.index(row["source"]), grid.targets.index(row["target"])]),
        )
        for row in paper_sized.values.query("measure == 'expert'").to_dict("records")
    ]
    known = [(a, b) for a, b in pairs if not np.isnan(b)]
    row = long.query("measure == 'expert' and scope == 'pooled' and statistic == 'spearman'").iloc[0]
    assert row["pairs"] == len(known) == 21
    assert row["value"] == pytest.approx(stats.spearmanr(*zip(*known, strict=True)).statistic)
    assert row["p_holm"] >= row["p"]
    table = measures_table(grid, paper_sized.values, long, draws=100).frame
    assert set(table["measure"][-3:]) == {MEAN_RANK, WINNER, AT_RANDOM}
    assert table.loc[table["measure"] == WINNER, "regret"].item() == 0
    figure = measure_figure({"": grid}, paper_sized.values)
    assert figure.keys == ["expert", "task2vec"]
    assert "21 pairs" in figure.panels[0].alt_text


def test_tables_of_scores_are_read_with_their_kind(tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_text(
        "measure,source,target,value,layer\nlogme,a,t,1,last\nlogme,a,t,2,first\nleep,a,t,,last\n",
        encoding="utf-8",
    )
    (tmp_path / "distances.csv").write_text("measure,source,target,value\notdd,none,t,3\n", encoding="utf-8")
    found = read_values(tmp_path)
    assert list(zip(found["measure"], found["kind"], found["value"], strict=True)) == [
        ("logme, last", "score", 1),
        ("logme, first", "score", 2),
        ("otdd", "distance", 3),
        ("otdd", "distance", 3),  # the other way round
    ]
    assert found["source"].iloc[-2] == "none"  # not read as a missing value
    assert read_values(tmp_path / "nothing").empty
    bad = tmp_path / "more.csv"
    lacking, unknown = "measure,source\n", "measure,source,target,value,kind\nm,a,t,1,x\n"
    for text, told in ((lacking, "lacks the column target, value"), (unknown, "kind 'x'")):
        bad.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=told):
            read_values(tmp_path, [bad])
