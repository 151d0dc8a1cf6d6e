"""More ways to say how well predicted probabilities match labels; `auc` and `accuracy` are in `classification`.

Every function takes `labels` (N,), class indices, and `probabilities` (N, C). A class without an image in `labels` has
no recall, F1 or AUC: it is left out of every mean over classes, and `absent_classes` names it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from whence.stats.classification import _checked, class_aucs

BINS = 15  # Guo et al. 2017


def balanced_accuracy(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean over the classes present of the share of their images that are recognised, in [0, 1]; chance is 1 / C."""
    table = confusion(labels, probabilities)
    present = table.sum(axis=1) > 0
    return float(np.mean(np.diag(table)[present] / table.sum(axis=1)[present]))


def macro_auc(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean of the one-vs-rest AUCs of the classes present, each counted alike, in [0, 1]; chance is 0.5.

    NaN when fewer than two classes are present. With two classes this is the ordinary AUC.
    """
    aucs = class_aucs(labels, probabilities)
    return float("nan") if np.isnan(aucs).all() else float(np.nanmean(aucs))


def f1(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean over the classes present of the harmonic mean of precision and recall, in [0, 1]; higher is better."""
    table = confusion(labels, probabilities)
    present = table.sum(axis=1) > 0
    right = np.diag(table)[present]
    return float(np.mean(2 * right / (table.sum(axis=1) + table.sum(axis=0))[present]))


def calibration_error(labels: ArrayLike, probabilities: ArrayLike, bins: int = BINS) -> float:
    """Expected calibration error in [0, 1]; lower is better, 0 where confidence equals accuracy in every bin.

    The images are put into `bins` equal steps of their highest probability, upper edges included; the error is
    Σ (n_b / N) · |accuracy_b − mean confidence_b| (Guo et al. 2017, equation 3). Biased upwards for few images.
    """
    labels, probabilities = _checked(labels, probabilities)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    which = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(which, right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


def confusion(labels: ArrayLike, probabilities: ArrayLike) -> NDArray[np.int64]:
    """How many images of each class (row) were taken for each class (column), shape (C, C).

    `labels` (N,) are class indices, `probabilities` (N, C); the most probable class counts, of equal ones the first.
    """
    labels, probabilities = _checked(labels, probabilities)
    table = np.zeros((probabilities.shape[1],) * 2, dtype=np.int64)
    np.add.at(table, (labels, probabilities.argmax(axis=1)), 1)
    return table


def absent_classes(labels: ArrayLike, probabilities: ArrayLike) -> list[int]:
    """The classes of which `labels` (N,) holds no image: metrics over classes leave them out.

    `probabilities` (N, C) tell how many classes there are.
    """
    labels, probabilities = _checked(labels, probabilities)
    counts = np.bincount(labels, minlength=probabilities.shape[1])
    return [int(number) for number in np.flatnonzero(counts == 0)]
