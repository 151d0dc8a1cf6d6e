"""Correlations against scipy, row by row, and with pairs missing."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from whence.stats import CORRELATIONS

ORACLES = {
    "pearson": lambda x, y: stats.pearsonr(x, y).statistic,
    "spearman": lambda x, y: stats.spearmanr(x, y).statistic,
    "kendall": lambda x, y: stats.kendalltau(x, y).statistic,
    "weighted_tau": lambda x, y: stats.weightedtau(x, y).statistic,
}


@pytest.mark.parametrize("name", list(CORRELATIONS))
@given(st.integers(2, 15), st.integers(0, 10_000), st.integers(1, 6))
def test_every_row_is_scipys(name: str, count: int, seed: int, levels: int) -> None:
    """Few levels give many ties; rows that do not vary have no correlation."""
    random = np.random.default_rng(seed)
    x, y = random.integers(0, levels + 1, (2, 3, count)).astype(float)
    found = CORRELATIONS[name](x, y)
    assert found.shape == (3,)
    for row, (a, b) in enumerate(zip(x, y, strict=True)):
        if len(set(a)) == 1 or len(set(b)) == 1:
            assert np.isnan(found[row])
        else:
            assert found[row] == pytest.approx(ORACLES[name](a, b), abs=1e-12)


@pytest.mark.parametrize("name", list(CORRELATIONS))
@given(st.integers(4, 12), st.integers(0, 10_000))
def test_a_missing_pair_is_left_out(name: str, count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    x, y = random.normal(size=(2, count))
    gone = random.choice(count, size=2, replace=False)
    holed = x.copy(), y.copy()
    holed[0][gone[0]], holed[1][gone[1]] = np.nan, np.nan
    kept = np.setdiff1d(np.arange(count), gone)
    before = [array.copy() for array in holed]
    assert float(CORRELATIONS[name](*holed)) == pytest.approx(
        float(CORRELATIONS[name](x[kept], y[kept])), abs=1e-12
    )
    for array, old in zip(holed, before, strict=True):
        np.testing.assert_array_equal(array, old)  # inputs stay as they are


@pytest.mark.parametrize("name", list(CORRELATIONS))
def test_the_same_order_is_one_and_the_opposite_minus_one(name: str) -> None:
    x = np.array([0.1, 0.2, 0.3, 0.4])
    assert float(CORRELATIONS[name](x, x)) == pytest.approx(1)
    assert float(CORRELATIONS[name](x, -x)) == pytest.approx(-1)
    assert np.isnan(CORRELATIONS[name]([np.nan, 1.0], [1.0, 2.0]))


def vigna(x: Any, y: Any) -> Any:
    """Weighted τ by the definition in Vigna 2015, all pairs in plain loops: a pair weighs 1 / (r + 1) + 1 / (s + 1).

    r and s are the places, from 0, in the order of decreasing x, equal ones by decreasing y; the mean of that with
    the roles of x and y exchanged is taken.
    """

    def one_way(first: Any, second: Any) -> Any:
        order = np.lexsort((second, first))[::-1]
        place = np.empty(len(order))
        place[order] = np.arange(len(order))

        def product(a: Any, b: Any) -> Any:
            return sum(
                np.sign(a[i] - a[j]) * np.sign(b[i] - b[j]) * (1 / (place[i] + 1) + 1 / (place[j] + 1))
                for i in range(len(a))
                for j in range(i)
            )

        return product(x, y) / np.sqrt(product(x, x) * product(y, y))

    return (one_way(x, y) + one_way(y, x)) / 2


@given(st.integers(3, 9), st.integers(0, 10_000), st.integers(2, 9))
def test_weighted_tau_is_vignas_definition(count: int, seed: int, levels: int) -> None:
    x, y = np.random.default_rng(seed).integers(0, levels, (2, count)).astype(float)
    if len(set(x)) > 1 and len(set(y)) > 1:
        assert float(CORRELATIONS["weighted_tau"](x, y)) == pytest.approx(vigna(x, y), abs=1e-12)


def test_published_examples() -> None:
    """The worked examples of scipy's manual (weighted τ, Kendall's τ) and of Wikipedia (Spearman's ρ: IQ and TV)."""
    x, y = [12.0, 2, 1, 12, 2], [1.0, 4, 7, 1, 0]
    assert float(CORRELATIONS["weighted_tau"](x, y)) == pytest.approx(-0.56694968153682723)
    assert float(CORRELATIONS["kendall"](x, y)) == pytest.approx(-0.47140452079103173)
    iq, hours = [86.0, 97, 99, 100, 101, 103, 106, 110, 112, 113], [2.0, 20, 28, 27, 50, 29, 7, 17, 6, 12]
    assert float(CORRELATIONS["spearman"](iq, hours)) == pytest.approx(-29 / 165)
