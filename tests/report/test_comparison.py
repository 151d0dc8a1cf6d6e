"""Is A better than B: numbers against the tests of `stats`, groups, and the verdict that rests on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whence.report import StudyResults
from whence.report.comparison import comparison_table, comparisons, group_letters, pair_of, ranking_table
from whence.report.tidy import tidy_outcomes
from whence.report.verdict import ALL_OTHERS, overall, verdicts
from whence.stats import corrected_difference, practical_difference

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def tidy(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Thirty outcomes: three sources, two targets, five folds."""
    return tidy_outcomes(pd.DataFrame(rows))


def test_every_pair_is_compared_fold_by_fold(
    tidy: pd.DataFrame, aucs: dict[tuple[str, str], list[float]]
) -> None:
    found = comparisons(tidy)
    assert len(found) == 2 * 3
    for row in found.to_dict("records"):
        first, second = aucs[row["first"], row["target"]], aucs[row["second"], row["target"]]
        assert np.mean(first) >= np.mean(second)
        alone = corrected_difference(first, second, test_to_train=10 / 80)
        assert (row["difference"], row["low"], row["high"], row["p"]) == pytest.approx(
            (alone.mean, alone.low, alone.high, alone.p)
        )
        assert row["p"] <= row["p_holm"] <= min(1, 3 * row["p"])
        odds = practical_difference(first, second, test_to_train=10 / 80)
        assert (row["worse"], row["better"]) == pytest.approx((odds.worse, odds.better))


def test_a_pair_seen_from_its_other_side(tidy: pd.DataFrame) -> None:
    here = comparisons(tidy).query("target == 'isic2018'")
    one, other = pair_of(here, "imagenet", "none"), pair_of(here, "none", "imagenet")
    assert one
    assert other
    assert other["difference"] == -one["difference"]
    assert (other["low"], other["high"], other["better"]) == (-one["high"], -one["low"], one["worse"])
    assert pair_of(here, "imagenet", "nowhere") is None


def test_groups_share_a_letter_where_they_cannot_be_told_apart(tidy: pd.DataFrame) -> None:
    found = comparisons(tidy)
    chest = found[found["target"] == "chest-xray"]
    assert group_letters(chest, ["imagenet", "dtd", "none"]) == ["a", "a", "b"]
    table = ranking_table(tidy, found)
    letters = table.frame.set_index(["target", "source"])["group"].to_dict()
    assert letters["isic2018", "imagenet"] == "a"
    assert letters["isic2018", "dtd"] == "b"
    assert [heading for heading, _ in table.blocks] == ["isic2018", "chest-xray"]
    assert table.blocks[0][1][0][0]  # the best of a target is marked
    assert "−0.0" in table.blocks[0][1][1][1][4]
    assert len(comparison_table(found).frame) == 6


def test_configurations_are_never_pooled(outcome: Make) -> None:
    rows = [
        outcome(source, "t", fold, auc + fold / 100, backbone=backbone)
        for backbone in ("resnet18", "resnet50")
        for source, auc in (("a", 0.8), ("b", 0.7))
        for fold in (1, 2, 3)
    ]
    found = comparisons(tidy_outcomes(pd.DataFrame(rows)))
    assert list(found["configuration"]) == ["resnet18", "resnet50"]


def test_all_verdicts_in_one_sentence(tidy: pd.DataFrame, outcome: Make) -> None:
    found = verdicts(tidy)
    assert [verdict.sureness for verdict in found] == [ALL_OTHERS, "cannot be told apart from dtd"]
    assert overall(found) == (
        "imagenet was the best source on 2 of 2 targets; on 1 of 2 targets the best can be told apart from every "
        "other source."
    )
    assert overall(found[:1]) == ""
    alone = verdicts(tidy_outcomes(pd.DataFrame([outcome("none", t, 1, 0.9) for t in ("t", "u")])))
    assert "nothing can be compared" in overall(alone)
    assert "imagenet was the best source on 2 of 2" in overall([*found, *alone])


def test_the_papers_groups(paper_sized: StudyResults) -> None:
    """ImageNet stands alone on ISIC 2018 and PCam; on the chest X-rays DTD comes near it."""
    said = {verdict.target: verdict.sureness for verdict in verdicts(tidy_outcomes(paper_sized.outcomes))}
    assert said["pcam-middle"] == ALL_OTHERS
    assert set(said) == {"isic2018", "chest-xray", "pcam-middle"}
