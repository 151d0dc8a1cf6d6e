"""Regret and the two static baselines, counted again by plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.stats import mean_rank_elsewhere, mean_regret, regret, winner_elsewhere


def plain_loss(promise: np.ndarray, auc: np.ndarray) -> float:
    """AUC lost on one target."""
    usable = [i for i in range(len(auc)) if not np.isnan(promise[i]) and not np.isnan(auc[i])]
    if not usable:
        return float("nan")
    most = max(promise[i] for i in usable)
    picks = [auc[i] for i in usable if promise[i] == most]
    return float(np.nanmax(auc) - sum(picks) / len(picks))


@given(st.integers(1, 7), st.integers(1, 5), st.integers(0, 10_000))
def test_the_best_source_less_the_one_picked(sources: int, targets: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    promise = random.integers(0, 4, (sources, targets)).astype(float)
    auc = random.random((sources, targets))
    promise[random.random(promise.shape) < 0.2] = np.nan
    auc[random.random(auc.shape) < 0.2] = np.nan
    found = regret(promise, auc)
    expected = [plain_loss(promise[:, t], auc[:, t]) for t in range(targets)]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert (found[~np.isnan(found)] >= -1e-12).all()


def test_the_mean_and_its_interval() -> None:
    random = np.random.default_rng(0)
    auc = random.random((5, 4, 6))
    promise = random.random((5, 4))
    found = mean_regret(promise, auc)
    assert found.mean == pytest.approx(regret(promise, auc.mean(axis=2)).mean())
    assert 0 <= found.low <= found.high
    perfect = mean_regret(auc.mean(axis=2), np.repeat(auc.mean(axis=2)[:, :, None], 3, axis=2))
    assert (perfect.mean, perfect.low, perfect.high, perfect.targets) == (0, 0, 0, 4)


@given(st.integers(2, 6), st.integers(2, 5), st.integers(0, 10_000))
def test_baselines_never_look_at_their_own_target(sources: int, targets: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    auc = random.random((sources, targets))
    changed = auc.copy()
    changed[:, 0] = random.random(sources)
    for baseline in (mean_rank_elsewhere, winner_elsewhere):
        np.testing.assert_array_equal(baseline(auc)[:, 0], baseline(changed)[:, 0])


def test_baselines_by_hand() -> None:
    auc = np.array([[0.9, 0.8, 0.7], [0.8, 0.9, 0.9], [0.7, 0.7, np.nan]])
    # ranks as shares: [1, 2, 3] / 3, [2, 1, 3] / 3, [2, 1] / 2
    np.testing.assert_allclose(
        mean_rank_elsewhere(auc)[:2], [[-5 / 6, -2 / 3, -1 / 2], [-5 / 12, -7 / 12, -1 / 2]]
    )
    np.testing.assert_allclose(mean_rank_elsewhere(auc)[2], [-1, -1, -1])
    winners = winner_elsewhere(auc)
    assert winners[:, 0].tolist()[1] == 1  # the second won on both others
    assert np.isnan(winners[[0, 2], 0]).all()
    assert winners[:2, 2].tolist() == [1, 1]  # one win each, and equal ranks: either
    assert np.isnan(mean_rank_elsewhere(auc[:, :1])).all()
    assert np.isnan(winner_elsewhere(auc[:, :1])).all()
