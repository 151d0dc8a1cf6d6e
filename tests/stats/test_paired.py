"""Paired comparisons against scipy, against integration by hand, and against simulated folds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from whence.stats import corrected_difference, practical_difference

FOLDS = st.lists(st.floats(0, 1), min_size=3, max_size=12)


@given(FOLDS, st.integers(0, 1000))
def test_without_shared_images_it_is_the_paired_t_test(values: list[float], seed: int) -> None:
    first = np.array(values)
    second = first - np.random.default_rng(seed).normal(0.01, 0.02, len(first))
    found = corrected_difference(first, second, test_to_train=0, level=0.9)
    reference = stats.ttest_rel(first, second)
    interval = reference.confidence_interval(0.9)
    assert found.p == pytest.approx(reference.pvalue, rel=1e-9)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9)


def test_shared_images_widen_the_interval_by_nadeau_and_bengio() -> None:
    """Ten-fold cross-validation: test / train = 1/9, so the standard error grows by √(1 + 10/9)."""
    gaps = np.array([0.02, 0.01, 0.04, -0.01, 0.03, 0.02, 0.00, 0.05, 0.01, 0.03])
    plain = corrected_difference(gaps, np.zeros(10), test_to_train=0)
    shared = corrected_difference(gaps, np.zeros(10), test_to_train=1 / 9)
    assert shared.high - shared.low == pytest.approx((plain.high - plain.low) * np.sqrt(1 + 10 / 9))
    assert shared.mean == plain.mean == pytest.approx(0.02)
    by_hand = 0.02 / (np.std(gaps, ddof=1) * np.sqrt(1 / 10 + 1 / 9))
    assert shared.p == pytest.approx(2 * stats.t(9).sf(by_hand))


@given(FOLDS, st.integers(0, 1000), st.floats(0, 0.05), st.floats(0, 0.5))
def test_the_posterior_is_the_integral_of_its_density(
    values: list[float], seed: int, rope: float, ratio: float
) -> None:
    first = np.array(values)
    gaps = np.random.default_rng(seed).normal(0.01, 0.02, len(first))
    found = practical_difference(first, first - gaps, test_to_train=ratio, rope=rope)
    rho = ratio / (1 + ratio)
    scale = np.sqrt((1 / len(gaps) + rho / (1 - rho)) * np.var(gaps, ddof=1))
    low, high = np.clip([(-rope - gaps.mean()) / scale, (rope - gaps.mean()) / scale], -200, 200)
    inside, _ = integrate.quad(stats.t(len(gaps) - 1).pdf, low, high, points=[0], limit=200)
    assert found.equivalent == pytest.approx(inside, abs=1e-4)
    assert found.worse + found.equivalent + found.better == pytest.approx(1)


def test_intervals_cover_the_truth_where_folds_share_their_noise() -> None:
    """Folds correlated by ρ = test / (test + train): the corrected interval holds its level, the plain one does not."""
    random, ratio, folds = np.random.default_rng(0), 1 / 8, 5
    rho = ratio / (1 + ratio)
    shared = random.normal(size=(4000, 1)) * np.sqrt(rho)
    gaps = 0.5 + shared + random.normal(size=(4000, folds)) * np.sqrt(1 - rho)
    hits = {0.0: 0, ratio: 0}
    for row in gaps:
        for used in hits:
            found = corrected_difference(row, np.zeros(folds), test_to_train=used)
            hits[used] += found.low <= 0.5 <= found.high
    assert hits[ratio] / 4000 == pytest.approx(0.9, abs=0.02)
    assert hits[0.0] / 4000 < 0.87


def test_the_same_difference_on_every_fold_has_no_width() -> None:
    found = corrected_difference([0.9, 0.8, 0.7], [0.8, 0.7, 0.6], test_to_train=0.125)
    assert [found.low, found.high, found.p] == pytest.approx([0.1, 0.1, 0.0])
    assert found.settled
    equal = corrected_difference([0.9, 0.8], [0.9, 0.8], test_to_train=0.125)
    assert (equal.mean, equal.p, equal.settled) == (0.0, 1.0, False)
    assert practical_difference([0.9, 0.8], [0.9, 0.8], test_to_train=0.125).equivalent == 1


@pytest.mark.parametrize(
    ("first", "second", "ratio", "said"),
    [
        ([0.9], [0.8], 0.1, "two folds or more"),
        ([0.9, 0.8], [0.8], 0.1, "one per fold"),
        ([0.9, float("nan")], [0.8, 0.7], 0.1, "NaN"),
        ([0.9, 0.8], [0.8, 0.7], -1.0, "0 or more"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    first: list[float], second: list[float], ratio: float, said: str
) -> None:
    for compare in (corrected_difference, practical_difference):
        with pytest.raises(ValueError, match=said):
            compare(first, second, test_to_train=ratio)
