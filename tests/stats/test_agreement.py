"""Agreement of a measure with gains: by hand, against all permutations, and by simulation."""

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from whence.stats import agreement


def test_pooled_is_one_cloud_and_per_target_is_a_mean() -> None:
    random = np.random.default_rng(0)
    measure, gains = random.normal(size=(6, 3)), random.normal(size=(6, 3, 5))
    pooled = agreement(measure, gains, "spearman", draws=50)
    assert pooled.value == pytest.approx(stats.spearmanr(measure.ravel(), gains.mean(2).ravel()).statistic)
    assert (pooled.pairs, pooled.targets) == (18, 3)
    each = agreement(measure, gains, "kendall", per_target=True, draws=50)
    taus = [stats.kendalltau(measure[:, t], gains[:, t].mean(1)).statistic for t in range(3)]
    assert each.value == pytest.approx(np.mean(taus))


def test_simpsons_paradox_is_seen_per_target() -> None:
    """Within every target the measure is right; targets of a higher level have lower values of it."""
    steps = np.arange(4.0)[:, None]
    measure = steps - 20 * np.arange(3.0)
    gains = np.repeat((steps + 20 * np.arange(3.0))[:, :, None], 2, axis=2)
    assert agreement(measure, gains, "pearson", draws=20).value < -0.9
    assert agreement(measure, gains, "pearson", per_target=True, draws=20).value == pytest.approx(1)


@pytest.mark.parametrize("per_target", [False, True])
def test_the_p_value_is_that_of_all_exchanges_of_names(per_target: bool) -> None:
    random = np.random.default_rng(3)
    measure, gains = random.normal(size=(5, 2)), random.normal(size=(5, 2, 3))
    measure[0, 1] = np.nan
    means = gains.mean(axis=2)

    def value(values: np.ndarray) -> float:
        if per_target:
            return float(np.mean([rho(values[:, t], means[:, t]) for t in range(2)]))
        return rho(values.ravel(), means.ravel())

    def rho(a: np.ndarray, b: np.ndarray) -> float:
        kept = ~np.isnan(a)
        return float(stats.pearsonr(a[kept], b[kept]).statistic)

    found = agreement(measure, gains, "pearson", per_target=per_target, draws=6000)
    every = [abs(value(measure[list(order)])) for order in permutations(range(5))]
    exact = np.mean(np.array(every) >= abs(found.value) - 1e-12)
    assert found.value == pytest.approx(value(measure))
    assert found.p == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 6000) + 1e-3)


def test_without_a_relation_p_values_are_even_although_sources_repeat_on_every_target() -> None:
    """A source is alike on all targets, and so is the measure: taking pairs as independent rejects far too often."""
    random = np.random.default_rng(1)
    ours, naive = [], []
    for _ in range(200):
        measure = random.normal(size=(8, 1)) + 0.1 * random.normal(size=(8, 4))
        gains = random.normal(size=(8, 1, 1)) + 0.1 * random.normal(size=(8, 4, 2))
        ours.append(agreement(measure, gains, "pearson", draws=199).p)
        naive.append(stats.pearsonr(measure.ravel(), gains.mean(2).ravel()).pvalue)
    assert np.mean(np.array(ours) < 0.1) == pytest.approx(0.1, abs=0.065)
    assert np.mean(np.array(naive) < 0.1) > 0.25


def test_the_interval_comes_from_targets_and_folds() -> None:
    random = np.random.default_rng(2)
    quality = random.normal(size=(8, 1))
    measure = np.repeat(quality, 6, axis=1)
    sure = np.repeat((measure + 0.2 * random.normal(size=(8, 6)))[:, :, None], 5, axis=2)
    noisy = sure + 3 * random.normal(size=(8, 6, 5))
    narrow, wide = (agreement(measure, gains, "pearson") for gains in (sure, noisy))
    assert narrow.low <= narrow.value <= narrow.high
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
    one = agreement(measure[:, :1], noisy[:, :1], "pearson")
    assert one.low < one.high  # with one target there are still folds to draw
    alike = agreement(measure[:, :1], sure[:, :1], "pearson")
    assert alike.low == pytest.approx(alike.high)


def test_too_little_is_said() -> None:
    nothing = agreement([[1.0, np.nan], [2.0, np.nan]], np.ones((2, 2, 3)), draws=10)
    assert np.isnan([nothing.value, nothing.low, nothing.p]).all()
    two = agreement([[1.0], [2.0]], np.arange(2.0).reshape(2, 1, 1), per_target=True, draws=10)
    assert (np.isnan(two.value), two.pairs, two.targets) == (True, 0, 0)
    with pytest.raises(ValueError, match="sources, targets, folds"):
        agreement([1.0, 2.0], np.ones((2, 2, 3)))
    with pytest.raises(ValueError, match="known: pearson"):
        agreement([[1.0]], np.ones((1, 1, 1)), "rho")
