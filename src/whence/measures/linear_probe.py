"""How well a straight line through frozen features separates the target's classes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from whence.measures.contract import Measure
from whence.stats import auc

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)  # C, the inverse of the L2 penalty


def linear_probe(
    features: ArrayLike,
    labels: ArrayLike,
    *,
    folds: Sequence[tuple[ArrayLike, ArrayLike]] | None = None,
    seed: int = 0,
    strengths: Sequence[float] = STRENGTHS,
) -> float:
    """Cross-validated AUC of an L2 logistic regression on frozen features, in [0, 1]; higher is better.

    The mean of `linear_probe_folds`, which see for arguments and errors.
    """
    return float(
        np.nanmean(linear_probe_folds(features, labels, folds=folds, seed=seed, strengths=strengths))
    )


def linear_probe_folds(
    features: ArrayLike,
    labels: ArrayLike,
    *,
    folds: Sequence[tuple[ArrayLike, ArrayLike]] | None = None,
    seed: int = 0,
    strengths: Sequence[float] = STRENGTHS,
) -> Floats:
    """The probe's AUC on each fold's test part, shape (K,), one-vs-rest weighted by class priors.

    `features` (N, D) are finite numbers, `labels` (N,) anything sortable with ≥ 2 classes; `folds` are
    (train indices, test indices), by default five stratified ones drawn with `seed`. Standardisation and the
    choice of C among `strengths` (log-loss, three inner folds) see the training part alone. A fold whose
    test part holds a single class has no AUC: NaN. Inputs are not changed.

    Raises `ValueError` for wrong shapes, NaN or infinity, fewer than two classes, a class of one image
    (default folds only), a fold that overlaps itself or trains on one class, or when no fold has an AUC.
    Source: Kornblith, Shlens, Le, *Do better ImageNet models transfer better?* (2019), the linear protocol.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    x, y = _checked(features, labels)
    parts = list(_stratified(y, seed)) if folds is None else [_fold(f, i, y) for i, f in enumerate(folds)]
    classes = int(y.max()) + 1
    aucs = np.full(len(parts), np.nan)
    with threadpool_limits(
        1
    ):  # hundreds of small fits: on a busy machine threads wait for each other 20 times longer
        for number, (train, test) in enumerate(parts):
            fitted, unseen = _coordinates(x[train], x[test])
            strength = _best_strength(fitted, y[train], classes, strengths, seed)
            probabilities = _probabilities(fitted, y[train], unseen, classes, [strength])[0]
            aucs[number] = auc(y[test], probabilities)
    if np.isnan(aucs).all():
        raise ValueError("no fold has an AUC: every test part holds a single class")
    return aucs


def _coordinates(train: Floats, test: Floats) -> tuple[Floats, Floats]:
    """Both parts standardised by the training part and, with fewer images than features, rotated to its span.

    An L2 penalty does not see a rotation, and the best weights lie in the span of the training rows, so
    the fit is the same with N instead of D columns.
    """
    mean, spread = train.mean(axis=0), train.std(axis=0)
    live = spread > 1e-12 * np.maximum(np.abs(mean), 1e-300)  # a constant column tells nothing
    train = (train[:, live] - mean[live]) / spread[live]
    test = (test[:, live] - mean[live]) / spread[live]
    if not live.any():
        return np.zeros((len(train), 1)), np.zeros((len(test), 1))
    if train.shape[0] >= train.shape[1]:
        return train, test
    _, values, basis = np.linalg.svd(train, full_matrices=False)
    basis = basis[values > 1e-12 * values[0]]
    return train @ basis.T, test @ basis.T


def _best_strength(x: Floats, y: Indices, classes: int, strengths: Sequence[float], seed: int) -> float:
    """The C of least mean log-loss over three stratified parts of the training part."""
    if len(strengths) == 1:
        return strengths[0]
    losses = np.zeros(len(strengths))
    for train, test in _stratified(y, seed, splits=3, thin=True):
        if len(np.unique(y[train])) < 2:
            continue
        found = _probabilities(x[train], y[train], x[test], classes, strengths)
        true = np.array([p[np.arange(len(test)), y[test]] for p in found])
        losses -= np.log(np.clip(true, 1e-12, None)).sum(axis=1)
    return strengths[int(losses.argmin())]


def _probabilities(
    x: Floats, y: Indices, unseen: Floats, classes: int, strengths: Sequence[float]
) -> list[Floats]:
    """Class probabilities (M, classes) of `unseen` for each C, each fit started from the one before."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    present = np.unique(y)
    model = LogisticRegression(max_iter=300, tol=1e-4, warm_start=True)
    out = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for strength in strengths:
            model.set_params(C=strength).fit(x, y)
            probabilities = np.zeros((len(unseen), classes))
            probabilities[:, present] = model.predict_proba(unseen)
            out.append(probabilities)
    return out


def _stratified(
    y: Indices, seed: int, splits: int = 5, thin: bool = False
) -> Iterator[tuple[Indices, Indices]]:
    from sklearn.model_selection import StratifiedKFold

    fewest = int(np.bincount(y)[np.unique(y)].min())
    if fewest < 2 and not thin:
        raise ValueError("a class holds a single image: default folds need at least two of each class")
    splits = min(splits, max(fewest, 2))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        yield from StratifiedKFold(splits, shuffle=True, random_state=seed).split(np.zeros(len(y)), y)


def _checked(features: ArrayLike, labels: ArrayLike) -> tuple[Floats, Indices]:
    x, given = np.asarray(features, dtype=np.float64), np.asarray(labels)
    if x.ndim != 2 or given.ndim != 1 or len(x) != len(given) or not x.size:
        raise ValueError(f"features {x.shape} and labels {given.shape}: (N, D) and (N,) are needed")
    if not np.isfinite(x).all():
        raise ValueError("features hold NaN or infinity")
    names, y = np.unique(given, return_inverse=True)
    if len(names) < 2:
        raise ValueError("labels hold a single class: at least two are needed")
    return x, y.astype(np.int64)


def _fold(fold: tuple[ArrayLike, ArrayLike], number: int, y: Indices) -> tuple[Indices, Indices]:
    train, test = (np.asarray(part) for part in fold)
    for part in (train, test):
        if part.ndim != 1 or not len(part) or part.dtype.kind not in "iu":
            raise ValueError(f"fold {number}: train and test must be non-empty lists of row numbers")
        if part.min() < 0 or part.max() >= len(y):
            raise ValueError(f"fold {number} names a row outside 0 to {len(y) - 1}")
    if np.intersect1d(train, test).size:
        raise ValueError(f"fold {number} tests on rows that it trains on")
    if len(np.unique(y[train])) < 2:
        raise ValueError(f"fold {number} trains on a single class")
    return train.astype(np.int64), test.astype(np.int64)


MEASURE = Measure(
    name="linear_probe",
    kind="score",
    compute=linear_probe,
    higher_is_better=True,
    bounds=(0.0, 1.0),
    needs=("features", "labels"),
    cost="one penalised fit per fold, C and inner fold: O(N² min(N, D)); 1 to 3 s for 500 × 512",
    citation="Kornblith, Shlens, Le: Do better ImageNet models transfer better? CVPR 2019",
    blind_to="what fine-tuning changes: it judges the features as they are",
)
