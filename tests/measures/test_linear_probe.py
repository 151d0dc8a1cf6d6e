"""The probe against a plain scikit-learn pipeline, and what must not reach it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from whence.errors import InputError
from whence.measures import all_measures, get, linear_probe, linear_probe_folds


def _learnable(n: int, d: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    y = random.integers(0, classes, n)
    x = random.normal(size=(n, d)) * np.geomspace(10, 0.1, d) + 5
    x[:, : d // 4] += 0.5 * y[:, None]
    return x, y


def _splits(x: np.ndarray, y: np.ndarray, seed: int = 0) -> list[Any]:
    return list(StratifiedKFold(5, shuffle=True, random_state=seed).split(x, y))


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("features", [10, 200])
def test_equals_the_plain_pipeline_at_a_fixed_strength(classes: int, features: int) -> None:
    x, y = _learnable(120, features, classes)
    found = linear_probe_folds(x, y, folds=_splits(x, y), strengths=[0.1])
    expected = []
    for train, test in _splits(x, y):
        plain = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=5000, tol=1e-8))
        p = plain.fit(x[train], y[train]).predict_proba(x[test])
        p = p[:, 1] if classes == 2 else p
        expected.append(roc_auc_score(y[test], p, multi_class="ovr", average="weighted"))
    np.testing.assert_allclose(found, expected, atol=5e-3)


def test_default_folds_are_the_seeded_stratified_ones() -> None:
    x, y = _learnable(100, 8, 2)
    np.testing.assert_array_equal(
        linear_probe_folds(x, y, seed=3), linear_probe_folds(x, y, folds=_splits(x, y, 3), seed=3)
    )
    assert linear_probe(x, y, seed=3) == linear_probe_folds(x, y, seed=3).mean()


def test_test_rows_reach_neither_scaling_nor_the_choice_of_strength() -> None:
    x, y = _learnable(100, 30, 2)
    train, test = _splits(x, y)[0]
    untouched = linear_probe_folds(x, y, folds=[(train, test[:10])])
    poisoned, flipped = x.copy(), y.copy()
    poisoned[test[10:]] = 1e6
    flipped[test[10:]] = 1 - flipped[test[10:]]
    np.testing.assert_array_equal(
        linear_probe_folds(poisoned, flipped, folds=[(train, test[:10])]), untouched
    )
    # a test fold's labels only judge: all flipped, the AUC is mirrored
    mirrored = y.copy()
    mirrored[test] = 1 - mirrored[test]
    np.testing.assert_allclose(
        linear_probe_folds(x, mirrored, folds=[(train, test)]),
        1 - linear_probe_folds(x, y, folds=[(train, test)]),
    )


def test_noise_gives_chance_and_names_of_classes_do_not_matter() -> None:
    random = np.random.default_rng(1)
    x, y = random.normal(size=(200, 300)), random.integers(0, 2, 200)
    assert 0.35 < linear_probe(x, y) < 0.65
    x, y = _learnable(90, 10, 3)
    assert linear_probe(x, np.array(["a", "b", "c"])[y]) == linear_probe(x, y) == linear_probe(x, y * 7 + 2)


def test_inputs_are_left_alone_and_constant_columns_do_no_harm() -> None:
    x, y = _learnable(60, 6, 2)
    kept_x, kept_y = x.copy(), y.copy()
    value = linear_probe(x, y)
    np.testing.assert_array_equal(x, kept_x)
    np.testing.assert_array_equal(y, kept_y)
    assert linear_probe(np.column_stack([x, np.full(60, 3.7)]), y) == pytest.approx(value, abs=1e-12)
    assert linear_probe(np.ones((60, 4)), y) == 0.5


def test_classes_absent_from_a_fold() -> None:
    x, y = _learnable(60, 6, 3)
    train, test = np.arange(40), np.arange(40, 60)
    seen = test[y[test] != 2]  # a class without test image has no weight
    assert 0 <= linear_probe(x, y, folds=[(train, seen)]) <= 1
    assert 0 <= linear_probe(x, y, folds=[(train[y[train] != 2], test)]) <= 1  # nor must training know it
    folds = linear_probe_folds(x, y, folds=[(train, test), (train, test[y[test] == 0])])
    assert np.isnan(folds[1])
    assert linear_probe(x, y, folds=[(train, test), (train, test[y[test] == 0])]) == folds[0]


X, Y = _learnable(20, 3, 2)


@pytest.mark.parametrize(
    ("x", "y", "folds", "told"),
    [
        (X, Y[:-1], None, "labels have shape"),
        (X[:, 0], Y, None, "are needed"),
        (np.where(X > 5, np.nan, X), Y, None, "NaN"),
        (X, np.zeros(20), None, "single class"),
        (X, np.r_[np.zeros(19), 1], None, "single image"),
        (X, Y, [([0, 1, 2], [2, 3])], "tests on rows"),
        (X, Y, [([0, 1, 2], [20])], "outside 0 to 19"),
        (X, Y, [([0, 1, 2], [])], "non-empty"),
        (X, Y, [(np.flatnonzero(Y == 0), np.flatnonzero(Y == 1))], "trains on a single class"),
        (X, Y, [(np.arange(2, 20), [0])], "no fold has an AUC"),
    ],
)
def test_wrong_input_is_refused(x: Any, y: Any, folds: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        linear_probe(x, y, folds=folds)


def test_fast_enough_for_a_ranking() -> None:
    x, y = _learnable(500, 512, 2)
    linear_probe(x[:50], y[:50])  # imports
    start = time.process_time()
    linear_probe(x, y)
    assert time.process_time() - start < 6  # 1 s alone on one core; BLAS threads count too


def test_the_registry_finds_it() -> None:
    assert get("linear_probe").compute is linear_probe
    assert callable(linear_probe)
    assert all_measures()["linear_probe"].bounds == (0.0, 1.0)
    with pytest.raises(InputError, match="near it: linear_probe"):
        get("linear-probe")
