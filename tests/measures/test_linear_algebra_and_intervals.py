"""What the scores stand on: leading eigenvectors, singular systems, isometric coordinates, half-sample intervals."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from tests.measures.odd_inputs import make
from whence.measures import all_measures, get, interval, linear_probe_folds, logme, prepare
from whence.measures.linear_algebra import leading, log_determinant_above_identity, solve


def power_law(side: int, exponent: float, seed: int = 0) -> np.ndarray:
    vectors = np.linalg.qr(np.random.default_rng(seed).normal(size=(side, side)))[0]
    return np.asarray(vectors * np.arange(1, side + 1.0) ** -exponent @ vectors.T)


@pytest.mark.parametrize(
    "matrix", [power_law(600, 1.2), power_law(600, 0.3), np.diag(np.r_[np.ones(9), np.zeros(591)])]
)
@pytest.mark.parametrize("count", [1, 40])
def test_leading_eigenvectors(matrix: np.ndarray, count: int) -> None:
    values, vectors = leading(matrix, count)
    expected = np.linalg.eigvalsh(matrix)[::-1][:count]
    np.testing.assert_allclose(values, expected, atol=1e-12)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(count), atol=1e-12)
    np.testing.assert_allclose(matrix @ vectors, vectors * values, atol=1e-8)
    np.testing.assert_array_equal(leading(matrix, count)[1], vectors)


def test_singular_systems_are_solved_in_their_range() -> None:
    x = np.random.default_rng(0).normal(size=(3, 8))
    matrix, right = x.T @ x, x.T @ np.ones((3, 2))
    np.testing.assert_allclose(solve(matrix, right), np.linalg.pinv(matrix) @ right, atol=1e-10)
    regular = matrix + np.eye(8)
    np.testing.assert_allclose(solve(regular, right), np.linalg.inv(regular) @ right, atol=1e-12)
    assert log_determinant_above_identity(matrix) == pytest.approx(np.linalg.slogdet(regular)[1], rel=1e-12)


@pytest.mark.parametrize("counts", [(40, 40), (8, 9)])
def test_coordinates_keep_lengths_and_components_are_those_of_scikit_learn(counts: tuple[int, int]) -> None:
    x = make(counts, 30).features
    ready = prepare(x)
    np.testing.assert_allclose(ready.coordinates @ ready.coordinates.T, x @ x.T, atol=1e-10)
    assert ready.coordinates.shape == (len(x), min(x.shape))
    expected = PCA(5, svd_solver="full").fit_transform(x)
    np.testing.assert_allclose(ready.principal(5), expected, atol=1e-8)
    np.testing.assert_allclose(
        ready.principal_with(0.8), PCA(0.8, svd_solver="full").fit_transform(x), atol=1e-8
    )
    assert ready.variance == pytest.approx(x.var(axis=0).sum(), rel=1e-12)
    assert prepare(ready) is ready


@pytest.mark.parametrize("name", ["logme", "gbc", "h_score", "parc", "nce", "leep", "transrate"])
def test_half_samples_vary_as_other_samples_would(name: str) -> None:
    """The interval's width against the spread over 60 such samples: too wide rather than too narrow."""
    measure = get(name)
    samples = [make((70, 50), 5, signal=0.4, seed=seed) for seed in range(60)]
    values = [measure(*(s.need(n) for n in measure.needs)) for s in samples]
    widths = []
    for s in samples[:12]:
        found = interval(measure, *(s.need(n) for n in measure.needs), level=0.6827, draws=40)
        assert found.low <= found.value <= found.high
        widths.append((found.high - found.low) / 2)
    assert 0.65 < np.mean(widths) / np.std(values) < 1.6


def test_intervals_over_folds_are_the_corrected_t_interval() -> None:
    images = make((30, 30), 6, signal=0.3)
    folds = linear_probe_folds(images.features, images.labels)
    found = interval(get("linear_probe"), images.features, images.labels, level=0.9)
    assert found.value == folds.mean()
    half = 2.1318468 * np.sqrt(folds.var(ddof=1) * (1 / 5 + 1 / 4))  # t with 4 degrees of freedom at 0.95
    assert found.low == pytest.approx(folds.mean() - half, abs=1e-8)
    assert found.high == pytest.approx(min(1.0, folds.mean() + half), abs=1e-8)


def test_intervals_stay_in_bounds_take_prepared_features_and_are_seeded() -> None:
    images = make((30, 30), 6)
    ready, y = prepare(images.features), images.labels
    first = interval(get("logme"), ready, y, seed=3, draws=10)
    assert first == interval(get("logme"), images.features, y, seed=3, draws=10, value=logme(ready, y))
    assert first != interval(get("logme"), ready, y, seed=4, draws=10)
    assert interval(get("gbc"), ready, y, draws=10).high <= 0
    for measure, draws, level in ((get("gbc"), 1, 0.9), (get("gbc"), 10, 1.0)):
        with pytest.raises(ValueError, match="an interval needs"):
            interval(measure, ready, y, draws=draws, level=level)


def test_every_score_of_the_issue_is_registered() -> None:
    wanted = {
        "leep",
        "nce",
        "nleep",
        "logme",
        "h_score",
        "transrate",
        "gbc",
        "parc",
        "sfda",
        "knn",
        "linear_probe",
    }
    wanted |= {"nca_knn", "fu"}
    assert {name for name, m in all_measures().items() if m.kind == "score"} >= wanted
