"""Do the images that look most alike to the network share their class?"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from whence.measures.contract import Measure
from whence.measures.folds import Folds, checked_folds
from whence.measures.inputs import Floats, Indices, checked_labels
from whence.measures.prepared import Prepared, prepare
from whence.stats import auc

TIED = 1e-12  # similarities that agree so far are ties: the rest is rounding


def knn(
    features: ArrayLike | Prepared,
    labels: ArrayLike,
    *,
    k: int = 5,
    folds: Folds | None = None,
    metric: Literal["cosine", "euclidean"] = "cosine",
    seed: int = 0,
) -> float:
    """Cross-validated AUC of the k nearest neighbours' votes, in [0, 1]; higher is better, 0.5 is chance.

    The mean of `knn_folds`, which see for arguments and errors.
    """
    return float(np.nanmean(knn_folds(features, labels, k=k, folds=folds, metric=metric, seed=seed)))


def knn_folds(
    features: ArrayLike | Prepared,
    labels: ArrayLike,
    *,
    k: int = 5,
    folds: Folds | None = None,
    metric: Literal["cosine", "euclidean"] = "cosine",
    seed: int = 0,
) -> Floats:
    """The AUC on each fold's test part, (K,), one-vs-rest weighted by class priors.

    A test image's score for a class is the share of that class among its `k` nearest images of the training part;
    images as near as the k-th count too. `features` are (N, D) or prepared, `labels` (N,); `folds` are (train row
    numbers, test row numbers), by default five stratified ones drawn with `seed`. A fold whose test part holds a
    single class has no AUC: NaN. Raises `ValueError` for `k` below 1 or beyond a training part, a wrong fold, no fold
    with an AUC, and as all measures do.
    Source: Cover, Hart, *Nearest neighbor pattern classification* (1967).
    """
    ready = prepare(features)
    y = checked_labels(labels, len(ready), at_least=2 if folds is None else 1)
    parts = checked_folds(folds, y, seed=seed)
    smallest = min(len(train) for train, _ in parts)
    if not 1 <= k <= smallest:
        raise ValueError(f"k is {k}; 1 to {smallest}, the images in the smallest training part, are accepted")
    points, offsets = _points(ready, metric)
    aucs = np.full(len(parts), np.nan)
    for number, (train, test) in enumerate(parts):
        similar = points[test] @ points[train].T - offsets[train]
        aucs[number] = auc(y[test], votes(similar, y[train], int(y.max()) + 1, k))
    if np.isnan(aucs).all():
        raise ValueError("no fold has an AUC: every test part holds a single class")
    return aucs


def votes(similar: Floats, y: Indices, classes: int, k: int) -> Floats:
    """Each class's share (M, C) among the `k` most similar of T images, and those tied with the k-th.

    `similar` is (M, T), `y` (T,) their class numbers.
    """
    last = similar.shape[1] - k
    threshold = np.partition(similar, last, axis=1)[:, last]
    near = similar >= (threshold - TIED * np.maximum(1.0, np.abs(threshold)))[:, None]
    rows, columns = np.nonzero(near)
    counted = np.bincount(rows * classes + y[columns], minlength=len(similar) * classes)
    shares = counted.reshape(len(similar), classes).astype(np.float64)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _points(ready: Prepared, metric: str) -> tuple[Floats, Floats]:
    """Points and offsets with which p · q − offset(q) ranks the images q by nearness to p."""
    if metric == "cosine":
        lengths = np.linalg.norm(ready.coordinates, axis=1, keepdims=True)
        return ready.coordinates / np.where(lengths > 0, lengths, 1.0), np.zeros(len(ready))
    if metric == "euclidean":
        scale = np.sqrt(ready.variance) or 1.0
        points = ready.centred / scale
        return points, (points**2).sum(axis=1) / 2
    raise ValueError(f"metric {metric!r} is not known; cosine and euclidean are")


MEASURE = Measure(
    name="knn",
    kind="score",
    compute=knn,
    higher_is_better=True,
    bounds=(0.0, 1.0),
    needs=("features", "labels"),
    cost="all pairs of images: O(N² D)",
    citation="Cover, Hart: Nearest neighbor pattern classification. IEEE Transactions on Information Theory "
    "1967",
    meaning="For each image, the five images that look most alike to the network vote on the diagnosis. The "
    "number is the AUC of those votes, on images that took no part in them: 0.5 is guessing, 1 is perfect.",
    trust="From about 50 images on, whatever the number of features. It is on the same scale for all targets "
    "and sources.",
    blind_to="what fine-tuning changes; a diagnosis that shows in few of the features",
    per_fold=knn_folds,
)
