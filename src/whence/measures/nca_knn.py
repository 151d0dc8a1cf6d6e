"""Neighbours' votes in the few dimensions that tell the classes apart best: the feature part of Juodelyte et al."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike

from whence.measures.contract import Measure
from whence.measures.folds import Folds, checked_folds
from whence.measures.inputs import Floats, Indices, checked_labels
from whence.measures.knn import votes
from whence.measures.prepared import Prepared, content_order, prepare

Parts = list[tuple[Indices, Indices]]


def nca_knn(
    features: ArrayLike | Prepared,
    labels: ArrayLike,
    *,
    dims: int = 50,
    k: int = 5,
    folds: Folds | None = None,
    in_sample: bool = False,
    seed: int = 0,
) -> float:
    """Mean share of the true class among the k nearest images after neighbourhood components analysis, in [0, 1];
    higher is better.

    Cross-validated: the mean of `nca_knn_folds`, which see for arguments and errors. With `in_sample` as published:
    fitted to all images, each of which is its own nearest neighbour, so 1 / k at least and far too good.
    """
    if not in_sample:
        return float(np.mean(nca_knn_folds(features, labels, dims=dims, k=k, folds=folds, seed=seed)))
    ready = prepare(features)
    y = checked_labels(labels, len(ready))
    everything = np.arange(len(ready))
    return float(_values(ready, y, [(everything, everything)], dims, k)[0])


def nca_knn_folds(
    features: ArrayLike | Prepared,
    labels: ArrayLike,
    *,
    dims: int = 50,
    k: int = 5,
    folds: Folds | None = None,
    seed: int = 0,
) -> Floats:
    """The value on each fold's test part, (K,); the components and the neighbours come from the training part.

    `features` are (N, D) or prepared, `labels` (N,); `folds` are (train row numbers, test row numbers), by default five
    stratified ones drawn with `seed`. The components start from the principal ones, so nothing is random. Raises
    `ValueError` for `dims` below 1, `k` below 1 or beyond a training part, a wrong fold, and as all measures do.
    Source: Goldberger, Hinton, Roweis, Salakhutdinov, *Neighbourhood components analysis* (2004); Juodelyte, Ferrante,
    Lu, Singh, Vanschoren, Cheplygina, *On dataset transferability in medical image classification* (2024).
    """
    ready = prepare(features)
    y = checked_labels(labels, len(ready), at_least=2 if folds is None else 1)
    return _values(ready, y, checked_folds(folds, y, seed=seed), dims, k)


def _values(ready: Prepared, y: Indices, parts: Parts, dims: int, k: int) -> Floats:
    smallest = min(len(train) for train, _ in parts)
    if dims < 1 or not 1 <= k <= smallest:
        raise ValueError(
            f"dims is {dims} and k {k}; dims of 1 or more, and k from 1 to {smallest}, are accepted"
        )
    place = np.empty(len(y), dtype=np.int64)
    place[content_order(ready.features, y)] = np.arange(len(y))
    values = []
    for train, test in parts:
        train = train[np.argsort(place[train])]
        points, seen = _components(ready.features[train], y[train], ready.features[test], dims)
        similar = seen @ points.T - (points**2).sum(axis=1) / 2
        shares = votes(similar, y[train], int(y.max()) + 1, k)
        values.append(shares[np.arange(len(test)), y[test]].mean())
    return np.array(values)


def _components(train: Floats, y: Indices, test: Floats, dims: int) -> tuple[Floats, Floats]:
    """Both parts in the components fitted to the training part, whose total variance is made 1 beforehand."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neighbors import NeighborhoodComponentsAnalysis

    ready = Prepared(train)
    if ready.variance == 0:
        return np.zeros((len(train), 1)), np.zeros((len(test), 1))
    _, sizes, axes = np.linalg.svd(ready.centred, full_matrices=False)
    if len(train) < train.shape[1]:  # the components lie in the span of the training images
        _, sizes, axes = np.linalg.svd(train - train.mean(axis=0), full_matrices=False)
    axes = axes[sizes > 1e-7 * sizes[0]].T / np.sqrt(ready.variance)
    inside, unseen = (train - train.mean(axis=0)) @ axes, (test - train.mean(axis=0)) @ axes
    model = NeighborhoodComponentsAnalysis(min(dims, inside.shape[1]), init=_start(inside, dims), max_iter=50)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(inside, y)
    return model.transform(inside), model.transform(unseen)


def _start(inside: Floats, dims: int) -> Floats:
    """The first principal components: the axes are sorted by variance already."""
    return np.eye(inside.shape[1])[:dims]


MEASURE = Measure(
    name="nca_knn",
    kind="score",
    compute=nca_knn,
    higher_is_better=True,
    bounds=(0.0, 1.0),
    needs=("features", "labels"),
    cost="a gradient search per fold, each step O(N² D): 50 steps at most",
    citation="Juodelyte, Ferrante, Lu, Singh, Vanschoren, Cheplygina: On dataset transferability in medical "
    "image classification. arXiv:2412.20172 (components: Goldberger et al., NeurIPS 2004)",
    meaning="The network's features are squeezed into the 50 directions in which images of one diagnosis lie "
    "closest. For each image, which share of its five nearest neighbours has the same diagnosis? Guessing "
    "gives the share of each diagnosis; 1 is perfect.",
    trust="Cross-validated, as here, from about 50 images on. The published figures are in-sample and so too "
    "good; their order agreed best with fine-tuning of all single scores on published medical outcomes.",
    blind_to="what fine-tuning changes",
    per_fold=nca_knn_folds,
)
