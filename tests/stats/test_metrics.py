"""Metrics against scikit-learn, SciPy and a count by hand; what a class without images does to each."""

import numpy as np
import pytest
from scipy.stats import bootstrap
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score, roc_auc_score

from tests.stats.test_classification import random_case
from whence.stats import (
    absent_classes,
    accuracy,
    balanced_accuracy,
    calibration_error,
    class_aucs,
    confusion,
    estimate,
    estimates,
    estimates_over_folds,
    f1,
    macro_auc,
)
from whence.stats.estimates import METRICS


@pytest.mark.parametrize("seed", range(5))
def test_metrics_equal_scikit_learns(seed: int) -> None:
    labels, probabilities = random_case(seed)
    predicted = probabilities.argmax(axis=1)
    assert balanced_accuracy(labels, probabilities) == pytest.approx(
        balanced_accuracy_score(labels, predicted), abs=1e-12
    )
    assert f1(labels, probabilities) == pytest.approx(f1_score(labels, predicted, average="macro"), abs=1e-12)
    expected = roc_auc_score(labels, probabilities, multi_class="ovr", average="macro")
    assert macro_auc(labels, probabilities) == pytest.approx(expected, abs=1e-12)
    assert np.array_equal(confusion(labels, probabilities), confusion_matrix(labels, predicted))


def test_a_class_without_images_is_left_out_and_named() -> None:
    labels, probabilities = random_case(3, classes=4)
    kept = labels != 2
    labels, probabilities = labels[kept], probabilities[kept]
    predicted = probabilities.argmax(axis=1)
    assert absent_classes(labels, probabilities) == [2]
    expected = f1_score(labels, predicted, labels=[0, 1, 3], average="macro")
    assert f1(labels, probabilities) == pytest.approx(expected, abs=1e-12)
    recalls = [(predicted[labels == i] == i).mean() for i in (0, 1, 3)]
    assert balanced_accuracy(labels, probabilities) == pytest.approx(np.mean(recalls))
    pairs = [roc_auc_score(labels == i, probabilities[:, i]) for i in (0, 1, 3)]
    assert macro_auc(labels, probabilities) == pytest.approx(np.mean(pairs))
    found = estimates(labels, probabilities, draws=200)
    assert all("no test image of class 2" in e.note for e in found.values())
    assert np.isnan(found["auc of class 2"].value)
    assert "not defined on these images" in found["auc of class 2"].note
    assert not np.isnan(found["macro_auc"].value)


def test_one_class_alone_has_no_auc_but_an_accuracy() -> None:
    found = estimates([1, 1, 1], [[0.2, 0.8], [0.6, 0.4], [0.1, 0.9]], draws=100)
    assert np.isnan(found["auc"].value)
    assert found["accuracy"].value == pytest.approx(2 / 3)


@pytest.mark.parametrize("bins", [1, 10, 15])
def test_calibration_error_equals_a_count_bin_by_bin(bins: int) -> None:
    labels, probabilities = random_case(1, images=500)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    expected = 0.0
    for b in range(bins):
        inside = (confidence > b / bins) & (confidence <= (b + 1) / bins)
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    assert calibration_error(labels, probabilities, bins) == pytest.approx(expected, abs=1e-12)


def test_calibration_error_at_its_ends() -> None:
    sure = np.eye(2)[[0, 1, 0, 1]]
    assert calibration_error([0, 1, 0, 1], sure) == 0
    assert calibration_error([1, 0, 1, 0], sure) == 1
    half = np.full((4, 2), 0.5)
    assert calibration_error([0, 0, 1, 1], half) == 0


def test_the_interval_equals_scipys_percentile_bootstrap() -> None:
    labels, probabilities = random_case(2, images=300)
    right = (probabilities.argmax(axis=1) == labels).astype(float)
    theirs = bootstrap(
        (right,),
        np.mean,
        confidence_level=0.9,
        method="percentile",
        n_resamples=4000,
        rng=np.random.default_rng(1),
    ).confidence_interval
    ours = estimate(accuracy, labels, probabilities, draws=4000)
    assert ours.value == accuracy(labels, probabilities)
    assert ours.low == pytest.approx(theirs.low, abs=0.01)
    assert ours.high == pytest.approx(theirs.high, abs=0.01)
    assert ours.low < ours.value < ours.high


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    random, inside = np.random.default_rng(5), 0
    for trial in range(150):
        labels = random.integers(0, 2, 120)
        sure = np.where(random.random(120) < 0.8, labels, 1 - labels)
        found = estimate(accuracy, labels, np.eye(2)[sure], draws=200, seed=trial)
        inside += found.low <= 0.8 <= found.high
    assert 0.8 <= inside / 150 <= 0.97


def test_too_rare_a_class_has_a_value_and_a_stated_interval() -> None:
    labels = np.array([0] * 30 + [1])
    probabilities = np.tile([0.7, 0.3], (31, 1))
    probabilities[-1] = [0.2, 0.8]

    def lone(labels: np.ndarray, probabilities: np.ndarray) -> float:
        return float(class_aucs(labels, probabilities)[1]) if (labels == 1).sum() == 1 else float("nan")

    found = estimate(lone, labels, probabilities, draws=200)  # type: ignore[arg-type]
    assert found.value == 1
    assert np.isnan(found.low)
    assert "too few images of some class" in found.note


def test_the_same_seed_gives_the_same_interval() -> None:
    labels, probabilities = random_case(4)
    assert estimate(f1, labels, probabilities, draws=50) == estimate(f1, labels, probabilities, draws=50)
    with pytest.raises(ValueError, match="level"):
        estimate(f1, labels, probabilities, level=1.0)


def test_means_over_folds_are_the_metrics_means_and_their_intervals_a_stratified_bootstraps() -> None:
    folds = [random_case(seed, classes=3) for seed in range(4)]
    found = estimates_over_folds(folds, ("a", "b", "c"), draws=400)
    each = {name: [metric(*fold) for fold in folds] for name, metric in METRICS.items()}
    each |= {f"auc of {name}": [class_aucs(*fold)[i] for fold in folds] for i, name in enumerate("abc")}
    assert list(found) == list(each)
    for name, values in each.items():
        assert found[name].value == pytest.approx(np.mean(values), abs=1e-12)
        assert found[name].low < found[name].value < found[name].high or name == "calibration_error"
    rights = [(p.argmax(axis=1) == labels).astype(float) for labels, p in folds]
    sd = np.sqrt(sum(right.var() / len(right) for right in rights)) / len(rights)  # of the mean over folds
    half = (found["accuracy"].high - found["accuracy"].low) / 2
    assert half == pytest.approx(1.645 * sd, rel=0.15)


def test_a_fold_without_a_class_is_counted_in_the_note() -> None:
    folds = [random_case(seed, classes=3) for seed in range(3)]
    labels, probabilities = folds[1]
    folds[1] = labels[labels != 2], probabilities[labels != 2]
    found = estimates_over_folds(folds, draws=100)["auc of 2"]
    assert found.value == pytest.approx(np.mean([class_aucs(*folds[i])[2] for i in (0, 2)]))
    assert found.note.startswith("not defined on 1 of 3 folds")
