"""Names, numbers and verdicts as they are written."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.report.curves import spread
from whence.report.tidy import tidy_outcomes
from whence.report.verdict import verdicts
from whence.report.words import counted, display_names, duration, gain, listed, plus_minus

Make = Callable[..., dict[str, Any]]
Said = Callable[[dict[str, list[float]]], str]


@pytest.fixture
def verdict_of(outcome: Make) -> Said:
    """The verdict on target t, from the AUCs of each source's folds."""

    def say(aucs: dict[str, list[float]]) -> str:
        rows = [
            outcome(s, "t", fold, auc) for s, values in aucs.items() for fold, auc in enumerate(values, 1)
        ]
        (verdict,) = verdicts(tidy_outcomes(pd.DataFrame(rows)))
        return f"{verdict.headline} {verdict.detail}"

    return say


def test_a_path_is_shown_as_its_file() -> None:
    name = "file:/very/long/path/resnet18_imagenet1k_ktb.safetensors"
    assert display_names([name, "imagenet"]) == {name: "resnet18_imagenet1k_ktb", "imagenet": "imagenet"}


def test_files_of_one_name_are_told_by_their_folder() -> None:
    assert list(display_names(["file:/a/w.pth", "file:/b/w.pth"]).values()) == ["a/w", "b/w"]


@given(st.lists(st.text(max_size=60), unique=True, max_size=8))
def test_display_names_are_unique_and_short(names: list[str]) -> None:
    shown = list(display_names(names).values())
    assert len(set(shown)) == len(names)
    assert all(len(name) <= 30 for name in shown)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.01, 0.2))
def test_labels_keep_their_gap_and_order(positions: list[float], gap: float) -> None:
    placed = spread(positions, gap)
    ordered = sorted(range(len(positions)), key=lambda i: (positions[i], i))
    assert all(placed[b] - placed[a] >= gap - 1e-9 for a, b in pairwise(ordered))
    assert math.isclose(sum(placed), sum(positions), abs_tol=1e-9)


def test_numbers_in_words() -> None:
    assert plus_minus(0.93, float("nan")) == "0.930"
    assert gain(-2.5, 0.5) == "−2.5 ± 0.5 %"
    assert gain(float("nan")) == "not measured"
    assert (counted(1, "fold"), counted(5, "fold"), counted(12, "fold")) == (
        "one fold",
        "five folds",
        "12 folds",
    )
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(list("abcdefg")) == "a, b, c, d and 3 others"
    assert (duration(4.2), duration(45), duration(720), duration(48211)) == (
        "4.2 s",
        "45 s",
        "12 min",
        "13 h 24 min",
    )


def test_a_clear_winner(verdict_of: Said) -> None:
    said = verdict_of({"imagenet": [0.92, 0.94], "dtd": [0.70, 0.72], "none": [0.60, 0.62]})
    assert "For t the best source was imagenet: AUC 0.930 ± 0.014 over two folds, +52.5 % over none" in said
    assert "cannot be told apart" not in said


def test_sources_are_compared_fold_by_fold(verdict_of: Said) -> None:
    """Folds differ far more than sources do; only the paired difference sees which source is better."""
    none = [0.70, 0.95, 0.80, 0.90, 0.60]
    steady = [a + gain for a, gain in zip(none, (0.03, 0.02, 0.03, 0.02, 0.03), strict=True)]
    wobbly = [a + gain for a, gain in zip(none, (0.12, -0.05, 0.05, -0.09, 0.09), strict=True)]
    said = verdict_of({"steady": steady, "wobbly": wobbly, "none": none})
    assert "the best source was steady" in said
    assert "wobbly cannot be told apart from it" in said
    assert "none cannot" not in said
    # sd 0.00548, times √(1/5 + 20/160) and Student's 2.132: ± 0.0067
    assert "Compared fold by fold with none: +0.026 AUC (90 % interval +0.019 to +0.033)." in said


def test_no_source_better_than_none(verdict_of: Said) -> None:
    said = verdict_of({"none": [0.90, 0.91, 0.92], "a": [0.70, 0.71, 0.72], "b": [0.90, 0.90, 0.92]})
    assert "no source did better than none" in said
    assert "b cannot be told apart" in said
    assert "Worse than none, fold by fold: a." in said


def test_one_fold_is_not_evidence_and_none_may_be_missing(verdict_of: Said) -> None:
    said = verdict_of({"a": [0.9], "b": [0.7]})
    assert "none (no transfer) was not measured" in said
    assert "one fold only" in said


def test_what_did_not_converge_is_said(outcome: Make) -> None:
    rows: list[dict[str, Any]] = [outcome("a", "t", fold, 0.9, converged=fold > 1) for fold in (1, 2)]
    (verdict,) = verdicts(tidy_outcomes(pd.DataFrame(rows)))
    assert "1 of the two folds did not converge." in verdict.detail
