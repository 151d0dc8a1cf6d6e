"""Correlations against scipy, row by row, and with pairs missing."""

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
