"""Transferability in both forms, fold by fold, on the page, in the tables and through the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from whence.errors import InputError
from whence.report import render_study
from whence.report.by_fold import transferability_table
from whence.report.comparison import comparisons, ranking_table
from whence.report.forms import AUC, ERROR, form_of
from whence.report.tidy import tidy_outcomes
from whence.report.verdict import verdicts

Make = Callable[..., Any]


@pytest.fixture
def outcomes(outcome: Make) -> pd.DataFrame:
    """The source gains in AUC and loses in accuracy, on one of its folds."""
    rows = [outcome("none", "t", fold, 0.8, accuracy=a) for fold, a in enumerate((0.8, 0.9, 0.6))]
    rows += [outcome("a", "t", fold, 0.88, accuracy=a) for fold, a in enumerate((0.9, 0.85, 0.8))]
    return pd.DataFrame(rows)


def test_every_fold_beside_none_on_the_same_fold(outcomes: pd.DataFrame) -> None:
    by_auc = transferability_table(tidy_outcomes(outcomes))
    assert by_auc.frame[["fold_1", "fold_2", "fold_3", "mean"]].iloc[0].tolist() == pytest.approx([10] * 4)
    assert "relative gain in AUC" in by_auc.caption
    by_error = transferability_table(tidy_outcomes(outcomes, ERROR), ERROR)
    # errors 0.2, 0.1, 0.4 become 0.1, 0.15, 0.2
    found = by_error.frame.iloc[0]
    assert found[["fold_1", "fold_2", "fold_3"]].tolist() == pytest.approx([50, -50, 50])
    assert (found["mean"], found["sd"]) == (pytest.approx(50 / 3), pytest.approx(57.735, abs=1e-3))
    assert by_error.blocks[0][1][0][1] == ["a", "+50.0", "−50.0", "+50.0", "+16.7 ± 57.7 %"]
    assert "Alvarez-Melis and Fusi 2020" in by_error.caption


def test_a_fold_without_none_has_none(outcomes: pd.DataFrame) -> None:
    table = transferability_table(tidy_outcomes(outcomes.drop(index=1)))
    assert table.blocks[0][1][0][1] == ["a", "+10.0", "–", "+10.0", "+10.0 ± 0.0 %"]


def test_the_verdict_and_the_ranking_say_which_form(outcomes: pd.DataFrame) -> None:
    tidy = tidy_outcomes(outcomes, ERROR)
    (verdict,) = verdicts(tidy, form=ERROR)
    assert verdict.headline.endswith("over three folds, 16.7 % fewer errors than none (no transfer).")
    assert verdict.gain == "+16.7 %"
    table = ranking_table(tidy, comparisons(tidy), ERROR)
    assert "classification error" in table.caption
    assert table.frame["transferability"].iloc[0] == pytest.approx(50 / 3)
    worse = outcomes.assign(accuracy=[0.8, 0.9, 0.6, 0.7, 0.8, 0.5])
    (verdict,) = verdicts(tidy_outcomes(worse, ERROR), form=ERROR)
    assert "more errors than none" in verdict.headline


def test_the_page_in_either_form(outcomes: pd.DataFrame, study: Make) -> None:
    rows = [*outcomes.to_dict("records"), *outcomes.assign(target="u").to_dict("records")]
    html = render_study(study(rows, transferability="error"))
    for part in ("Fewer errors", "16.7 % fewer errors than none", "+50.0", "−50.0"):
        assert part in html
    plain = render_study(study(rows))
    assert "Over none" in plain
    assert "classification error" not in plain


def test_an_unknown_form_is_told_with_those_that_are_known() -> None:
    assert (form_of("auc"), form_of("error")) == (AUC, ERROR)
    with pytest.raises(InputError, match="error"):
        form_of("eror")


def test_a_source_with_fewer_folds_than_others_says_so(outcomes: pd.DataFrame) -> None:
    tidy = tidy_outcomes(outcomes.drop(index=5))
    said = ranking_table(tidy, comparisons(tidy)).frame.set_index("source")["said"]
    assert said.to_dict() == {"a": "0.880 ± 0.000 (two folds)", "none": "0.800 ± 0.000"}
