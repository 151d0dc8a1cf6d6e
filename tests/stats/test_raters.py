"""Votes and Fleiss' κ against published worked examples, a count of all pairs, and simulated raters."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.stats import fleiss_kappa, majority, rater_agreement
from whence.stats.raters import counted

# The worked example of Wikipedia's article "Fleiss' kappa": 14 raters, 10 subjects, 5 answers, κ = 0.210.
WORKED = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]
ANSWERS = st.lists(st.lists(st.integers(0, 3), min_size=0, max_size=5), min_size=1, max_size=7)


def all_pairs(subjects: list[list[int]]) -> Fraction | None:
    """κ by looking at every pair of answers of a subject, and at every pair among all answers; None if undefined."""
    several = [answers for answers in subjects if len(answers) > 1]
    every = [answer for answers in several for answer in answers]
    if len(set(every)) < 2:
        return None
    shares = []
    for answers in several:
        pairs = list(combinations(answers, 2))
        shares.append(Fraction(sum(a == b for a, b in pairs), len(pairs)))
    observed = sum(shares, Fraction(0)) / len(shares)
    chance = Fraction(sum(a == b for a in every for b in every), len(every) ** 2)
    return (observed - chance) / (1 - chance)


def test_the_published_example() -> None:
    assert fleiss_kappa(WORKED) == pytest.approx(0.210, abs=5e-4)


@given(ANSWERS)
def test_kappa_is_what_all_pairs_say(subjects: list[list[int]]) -> None:
    expected = all_pairs(subjects)
    found = fleiss_kappa(counted(subjects, 4))
    if expected is None:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(float(expected), abs=1e-12)


def test_full_agreement_is_one_and_the_interval_has_no_width() -> None:
    found = rater_agreement([[3, 0], [0, 3], [3, 0], [0, 3]])
    assert (found.kappa, found.low, found.high) == (1.0, 1.0, 1.0)


def test_several_questions_are_pooled_above_and_below_the_line() -> None:
    first, second = np.array(WORKED), np.array(WORKED)[::-1, ::-1]
    assert fleiss_kappa(first, second) == pytest.approx(fleiss_kappa(first))
    constant = np.tile(
        [14, 0], (10, 1)
    )  # a question that everybody answers alike says nothing about agreement
    assert fleiss_kappa(first, constant) == pytest.approx(fleiss_kappa(first))
    other = np.array([[10, 4], [4, 10]] * 5)
    k = [fleiss_kappa(first), fleiss_kappa(other)]
    room = [1 - float(((t.sum(axis=0) / t.sum()) ** 2).sum()) for t in (first, other)]
    assert fleiss_kappa(first, other) == pytest.approx(np.average(k, weights=room))


def test_the_interval_is_that_of_leaving_out_one_subject_at_a_time() -> None:
    found = rater_agreement(WORKED)
    pseudo = [10 * found.kappa - 9 * fleiss_kappa(WORKED[:i] + WORKED[i + 1 :]) for i in range(10)]
    half = (
        1.8331129 * np.std(pseudo, ddof=1) / np.sqrt(10)
    )  # the t distribution's 95 % point, 9 degrees of freedom
    assert found.high - found.low == pytest.approx(2 * half, rel=1e-6)


def test_the_interval_holds_kappa_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(3)

    def draw(subjects: int) -> np.ndarray:
        truth = random.integers(0, 3, (subjects, 1))
        seen = np.where(random.random((subjects, 5)) < 0.6, truth, random.integers(0, 3, (subjects, 5)))
        return np.stack([(seen == k).sum(axis=1) for k in range(3)], axis=1)

    true = fleiss_kappa(draw(50_000))
    intervals = [rater_agreement(draw(12)) for _ in range(200)]
    held = np.mean([i.low <= true <= i.high for i in intervals])
    assert 0.8 <= held <= 0.96


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ([[1, 0], [0, 1]], "nothing was rated by two raters"),
        ([[2, 0], [2, 0], [2, 0]], "same answer everywhere"),
        ([[2, 0], [0, 2]], "3 subjects or more, not 2"),
        ([[2, 0], [2, 0], [0, 2]], "all subjects but one"),
    ],
)
def test_where_there_is_no_interval_the_reason_is_given(table: list[list[int]], told: str) -> None:
    found = rater_agreement(table)
    assert told in found.note
    assert np.isnan(found.low)


@pytest.mark.parametrize("table", [[[0.5, 1]], [[-1, 3]], [1, 2], [[]]])
def test_what_holds_no_counts_is_refused(table: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="whole numbers of 0 or more"):
        fleiss_kappa(table)


def test_a_vote_and_its_ties() -> None:
    vote = majority(["b", "a", "b", "c"])
    assert (vote.winner, vote.votes, vote.of, vote.is_tie) == ("b", 2, 4, False)
    tie = majority([2, 1, 1, 2, 0])
    assert (tie.winner, tie.tied, tie.votes) == (1, (1, 2), 2)
    with pytest.raises(ValueError, match="one at least"):
        majority([])


@given(st.lists(st.integers(0, 4), min_size=1, max_size=9))
def test_a_vote_does_not_depend_on_the_order_of_the_raters(answers: list[int]) -> None:
    vote = majority(answers)
    assert vote == majority(sorted(answers, reverse=True))
    assert vote.votes == max(answers.count(a) for a in answers)
    assert set(vote.tied) == {a for a in answers if answers.count(a) == vote.votes}
