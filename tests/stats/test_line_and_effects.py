"""The regression band by the textbook's matrices, and effects by least squares with a dummy per target."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from whence.stats import effect, error_transferability, regression_band


@given(st.integers(3, 20), st.integers(0, 1000))
def test_the_band_is_that_of_the_normal_equations(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    x, y, at = random.normal(size=count), random.normal(size=count), random.normal(size=4)
    found = regression_band(x, y, at, level=0.9)
    design, places = (np.stack([np.ones(len(v)), v], axis=1) for v in (x, at))
    inverse = np.linalg.inv(design.T @ design)
    beta = inverse @ design.T @ y
    variance = ((y - design @ beta) ** 2).sum() / (count - 2)
    reach = stats.t(count - 2).ppf(0.95) * np.sqrt(
        variance * np.einsum("ij,jk,ik->i", places, inverse, places)
    )
    np.testing.assert_allclose(found.line, places @ beta, atol=1e-8)
    np.testing.assert_allclose(found.high - found.line, reach, atol=1e-7)
    np.testing.assert_allclose(found.line - found.low, reach, atol=1e-7)


def test_no_line_without_points() -> None:
    for x in ([1.0, 2.0], [1.0, 1.0, 1.0], [1.0, np.nan, 2.0]):
        with pytest.raises(ValueError, match="points"):
            regression_band(x, np.arange(len(x), dtype=float), [0.0])


@given(st.integers(0, 1000))
def test_the_slope_is_least_squares_with_a_level_per_target(seed: int) -> None:
    random = np.random.default_rng(seed)
    prop, outcome = random.normal(size=6), random.normal(size=(6, 3, 4))
    outcome[1, 2] = np.nan
    found = effect(prop, outcome, draws=20)
    rows = [(s, t) for s in range(6) for t in range(3) if not np.isnan(outcome[s, t]).all()]
    design = np.array([[prop[s], *(float(t == k) for k in range(3))] for s, t in rows])
    beta, *_ = np.linalg.lstsq(design, np.array([outcome[s, t].mean() for s, t in rows]), rcond=None)
    assert found.slope == pytest.approx(beta[0], abs=1e-9)
    assert (found.sources, found.targets) == (6, 3)


def test_one_of_two_kinds_is_a_difference_of_means() -> None:
    outcome = np.array([0.9, 0.8, 0.6, 0.5])[:, None, None] + np.array([0.0, 0.3])[None, :, None]
    found = effect([1.0, 1.0, 0.0, 0.0], outcome, draws=200)
    assert found.slope == pytest.approx(0.3)
    assert found.low <= 0.3 <= found.high
    # 2 of the 6 ways to call two of four sources the first kind are as far apart
    assert found.p == pytest.approx(1 / 3, abs=0.12)


def test_what_does_not_vary_has_no_effect() -> None:
    for prop in ([1.0, 1.0, 1.0], [1.0, 2.0, np.nan]):
        assert np.isnan(effect(prop, np.ones((3, 2, 2)), draws=5).slope)
    with pytest.raises(ValueError, match=r"\(S,\), \(S, T, F\)"):
        effect([1.0], np.ones((2, 1, 1)))


def test_error_based_transferability() -> None:
    found = error_transferability([0.9, 0.7, 1.0], [0.8, 0.8, 1.0])
    np.testing.assert_allclose(found, [50.0, -50.0, np.nan])
