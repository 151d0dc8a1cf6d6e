"""Many comparisons at once: Holm against closed testing, letters by what they promise, a published worked example."""

from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import make_moons
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.svm import SVC

from whence.stats import all_pairs, holm, letters


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closure_of_bonferroni(p_values: list[float]) -> None:
    """A hypothesis falls where Bonferroni rejects every intersection that it is part of (Marcus et al. 1976)."""
    numbers = range(len(p_values))
    subsets = list(chain.from_iterable(combinations(numbers, n) for n in range(1, len(p_values) + 1)))
    expected = [
        min(1.0, max(len(s) * min(p_values[i] for i in s) for s in subsets if one in s)) for one in numbers
    ]
    np.testing.assert_allclose(holm(p_values), expected)


def test_holms_published_example() -> None:
    """Wikipedia's article "Holm–Bonferroni method": 0.01, 0.04, 0.03 and 0.005 at level 0.05; it rejects two of four.

    Its steps compare 0.005 with 0.05 / 4, 0.01 with 0.05 / 3, and stop at 0.03 > 0.05 / 2.
    """
    adjusted = holm([0.01, 0.04, 0.03, 0.005])
    np.testing.assert_allclose(adjusted, [0.03, 0.06, 0.06, 0.02])
    assert (adjusted <= 0.05).tolist() == [True, False, False, True]


def test_holm_passes_over_what_is_missing() -> None:
    np.testing.assert_allclose(holm([0.01, np.nan, 0.04]), [0.02, np.nan, 0.04])
    assert holm([]).shape == (0,)


@given(st.integers(1, 8), st.integers(0, 10_000), st.floats(0, 1))
def test_two_share_a_letter_exactly_where_they_are_not_told_apart(
    count: int, seed: int, share: float
) -> None:
    random = np.random.default_rng(seed)
    apart = np.triu(random.random((count, count)) < share, 1)
    apart = apart | apart.T
    shown = letters(apart)
    for one, other in combinations(range(count), 2):
        assert bool(set(shown[one]) & set(shown[other])) != apart[one, other]
    assert all(shown)
    assert "a" in shown[0]
    groups = [{i for i in range(count) if letter in shown[i]} for letter in sorted(set("".join(shown)))]
    assert not any(one < other for one in groups for other in groups)  # no letter says what another says


def test_letters_by_hand() -> None:
    apart = np.zeros((4, 4), dtype=bool)
    for one, other in ((0, 2), (0, 3), (1, 3)):
        apart[one, other] = apart[other, one] = True
    assert letters(apart) == ["a", "ab", "bc", "c"]
    assert letters(np.zeros((0, 0), dtype=bool)) == []
    with pytest.raises(ValueError, match="symmetric"):
        letters([[False, True], [False, False]])


def test_a_published_worked_example() -> None:
    """scikit-learn's user guide, *Statistical comparison of models using grid search*.

    It prints for an RBF against a linear kernel, over 10 × 10 folds: corrected p (one-sided) 0.227, and with a region
    of ± 0.01 the probabilities 0.068 worse, 0.432 equivalent, 0.500 better.
    """
    x, y = make_moons(noise=0.352, random_state=1, n_samples=100)
    folds = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0)
    aucs = [
        cross_val_score(SVC(kernel=kernel, random_state=0), x, y, scoring="roc_auc", cv=folds)
        for kernel in ("rbf", "linear")
    ]
    (found,) = all_pairs(np.array(aucs), test_to_train=10 / 90, rope=0.01)
    assert found.difference.p / 2 == pytest.approx(0.227, abs=5e-4)
    assert found.practical.worse == pytest.approx(0.068, abs=5e-4)
    assert found.practical.equivalent == pytest.approx(0.432, abs=5e-4)
    assert found.practical.better == pytest.approx(0.500, abs=5e-4)


def test_pairs_are_compared_on_the_folds_that_both_have() -> None:
    values = np.array([[0.9, 0.8, 0.85, np.nan], [0.7, 0.65, np.nan, 0.7], [np.nan, np.nan, 0.5, np.nan]])
    (found,) = all_pairs(values, test_to_train=0.1)
    assert (found.first, found.second) == (0, 1)
    assert found.difference.mean == pytest.approx((0.2 + 0.15) / 2)
