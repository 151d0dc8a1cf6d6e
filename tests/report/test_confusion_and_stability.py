"""Confusion matrices against scikit-learn's; the stability plot's points are the measured ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix

from whence.report.confusion import confusion_matrices
from whence.report.stability import stability
from whence.report.tidy import tidy_outcomes

Outcomes = Callable[..., dict[str, Any]]


def values(chart: Any) -> list[dict[str, Any]]:
    (found,) = chart.to_dict()["datasets"].values()
    return list(found)


def test_a_confusion_matrix_counts_all_folds(outcome: Outcomes) -> None:
    tidy = tidy_outcomes(pd.DataFrame([outcome("dtd", "lungs", fold, 0.8) for fold in range(3)]))
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, 90)
    probabilities = random.dirichlet([1, 1, 1], 90)
    predictions = pd.DataFrame(
        {"job": np.repeat(tidy["job"].to_numpy(), 30), "label": labels, "probabilities": list(probabilities)}
    )
    (panel,) = confusion_matrices(predictions, tidy, {"lungs": ("a", "b", "c")}).panels
    cells = {(cell["true"], cell["told"]): cell["count"] for cell in values(panel.chart)}
    wanted = confusion_matrix(labels, probabilities.argmax(axis=1))
    assert cells == {(t, p): wanted[i, j] for i, t in enumerate("abc") for j, p in enumerate("abc")}
    assert f"{np.trace(wanted)} of 90 test images right" in panel.alt_text


def test_the_stability_plot_sets_folds_side_by_side(outcome: Outcomes) -> None:
    tidy = tidy_outcomes(pd.DataFrame([outcome("dtd", "lungs", fold, 0.8) for fold in (0, 1)]))
    curves = pd.DataFrame(
        [
            {
                "job": job,
                "epoch": e,
                "loss": 1,
                "train_accuracy": 0.5 + e / 10,
                "validation_accuracy": 0.4 + e / 10,
            }
            for job in tidy["job"]
            for e in (1, 2, 3)
        ]
    )
    (panel,) = stability(curves, tidy).panels
    points = {(v["part"], v["fold"], v["epoch"]): (v["place"], v["accuracy"]) for v in values(panel.chart)}
    assert len(points) == 12
    assert points["training", 1, 3] == (3, 0.8)
    assert points["validation", 2, 1] == (5, 0.5)
    old = curves.drop(columns=["train_accuracy", "validation_accuracy"])
    assert stability(old, tidy).panels == []
    assert stability(curves.assign(train_accuracy=np.nan), tidy).panels == []
