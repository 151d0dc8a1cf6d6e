"""Equation (1) by hand, and what counts as converged."""

import numpy as np
import pytest

from whence.stats import has_converged, transferability


def test_equation_1_by_hand() -> None:
    assert transferability(0.9, 0.8) == pytest.approx(12.5)
    assert transferability([0.6, 0.4], 0.5).tolist() == pytest.approx([20, -20])


def test_a_baseline_of_zero_has_no_relative_gain() -> None:
    assert np.isnan(transferability(0.5, 0.0))


def test_a_curve_that_fell_and_settled_has_converged() -> None:
    assert has_converged(0.2 + np.exp(-np.arange(20)))


@pytest.mark.parametrize(
    "losses",
    [
        [1.0, 0.5, 0.2],  # too short to tell
        np.linspace(1, 0.1, 12),  # still falling
        np.full(12, 0.69),  # never learned
        [1.0, 0.5, np.nan, 0.2, 0.2],
        np.linspace(0.5, 1, 12),  # went the wrong way
    ],
)
def test_other_curves_have_not(losses: list[float]) -> None:
    assert not has_converged(losses)
