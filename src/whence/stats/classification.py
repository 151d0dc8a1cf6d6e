"""How well predicted probabilities match labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def accuracy(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Share of images whose most probable class is the true one, in [0, 1]; higher is better.

    `labels` (N,) are class indices, `probabilities` (N, C); ties go to the first class.
    """
    labels, probabilities = _checked(labels, probabilities)
    return float(np.mean(probabilities.argmax(axis=1) == labels))


def class_aucs(labels: ArrayLike, probabilities: ArrayLike) -> NDArray[np.float64]:
    """Area under the ROC curve of every class against the rest, shape (C,), each in [0, 1]; 0.5 is chance.

    A class of which `labels` holds no image, or nothing else, has no AUC: its entry is NaN.
    The area is the Mann–Whitney statistic with tied probabilities counted one half (Hanley & McNeil 1982).
    """
    from scipy.stats import rankdata

    labels, probabilities = _checked(labels, probabilities)
    ranks = rankdata(probabilities, axis=0)
    aucs = np.full(probabilities.shape[1], np.nan)
    for number in range(len(aucs)):
        positive = labels == number
        p, n = int(positive.sum()), int((~positive).sum())
        if p and n:
            aucs[number] = (ranks[positive, number].sum() - p * (p + 1) / 2) / (p * n)
    return aucs


def auc(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """One-vs-rest AUC weighted by class priors, as in the paper (section IV.A), in [0, 1]; 0.5 is chance.

    `labels` (N,) are class indices, `probabilities` (N, C). The priors are those of `labels`, so a class
    without an image has no weight. NaN when fewer than two classes are present: there is nothing to rank.
    With two classes this is the ordinary AUC.
    """
    labels, probabilities = _checked(labels, probabilities)
    aucs = class_aucs(labels, probabilities)
    present = ~np.isnan(aucs)
    if present.sum() < 2:
        return float("nan")
    counts = np.bincount(labels, minlength=len(aucs))
    return float(np.average(aucs[present], weights=counts[present]))


def _checked(labels: ArrayLike, probabilities: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    given, predicted = np.asarray(labels), np.asarray(probabilities, dtype=np.float64)
    if predicted.ndim != 2 or given.shape != predicted.shape[:1] or not len(given):
        raise ValueError(
            f"labels of shape {given.shape} and probabilities of shape {predicted.shape}: (N,) and (N, C) are needed"
        )
    if not np.isfinite(predicted).all():
        raise ValueError("probabilities hold NaN or infinity")
    whole = given.astype(np.int64)
    if (whole != given).any() or whole.min() < 0 or whole.max() >= predicted.shape[1]:
        raise ValueError(f"labels must be class indices from 0 to {predicted.shape[1] - 1}")
    return whole, predicted
