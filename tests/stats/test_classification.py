"""AUC and accuracy against scikit-learn and against counting pairs."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, roc_auc_score

from whence.stats import accuracy, auc, class_aucs


def random_case(seed: int, images: int = 60, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), random.integers(0, classes, images - classes)])
    probabilities = random.dirichlet(np.ones(classes), images).round(2)  # rounded, so that there are ties
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return labels, probabilities


@pytest.mark.parametrize("seed", range(5))
def test_weighted_auc_equals_scikit_learns(seed: int) -> None:
    labels, probabilities = random_case(seed)
    expected = roc_auc_score(labels, probabilities, multi_class="ovr", average="weighted")
    assert auc(labels, probabilities) == pytest.approx(expected, abs=1e-12)


def test_two_classes_give_the_ordinary_auc() -> None:
    labels, probabilities = random_case(7, classes=2)
    assert auc(labels, probabilities) == pytest.approx(roc_auc_score(labels, probabilities[:, 1]), abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4)), min_size=2, max_size=25))
def test_class_auc_is_the_share_of_pairs_in_the_right_order(cases: list[tuple[int, int]]) -> None:
    labels = np.array([label for label, _ in cases])
    scores = np.array([score for _, score in cases], dtype=float)
    found = class_aucs(labels, np.stack([scores, scores, scores], axis=1))
    for number in range(3):
        pairs = list(itertools.product(scores[labels == number], scores[labels != number]))
        if not pairs:
            assert np.isnan(found[number])
        else:
            expected = np.mean([1.0 if p > n else 0.5 if p == n else 0.0 for p, n in pairs])
            assert found[number] == pytest.approx(expected)


def test_an_absent_class_has_no_weight() -> None:
    labels, probabilities = random_case(3, classes=3)
    kept = labels != 2
    found = auc(labels[kept], probabilities[kept])
    pair = [roc_auc_score(labels[kept] == i, probabilities[kept, i]) for i in (0, 1)]
    assert found == pytest.approx(np.average(pair, weights=np.bincount(labels[kept])))


def test_one_class_alone_has_no_auc() -> None:
    assert np.isnan(auc([1, 1], [[0.2, 0.8], [0.6, 0.4]]))


def test_accuracy_equals_scikit_learns() -> None:
    labels, probabilities = random_case(1)
    assert accuracy(labels, probabilities) == accuracy_score(labels, probabilities.argmax(axis=1))


@pytest.mark.parametrize(
    ("labels", "probabilities"),
    [
        ([0, 1], [[0.5, 0.5]]),
        ([0, 2], [[1, 0], [0, 1]]),
        ([0, -1], [[1, 0], [0, 1]]),
        ([0], [[np.nan, 1]]),
        ([], []),
    ],
)
def test_what_does_not_fit_together_is_refused(labels: list[int], probabilities: list[list[float]]) -> None:
    with pytest.raises(ValueError, match=r"labels|NaN"):
        auc(labels, probabilities)
