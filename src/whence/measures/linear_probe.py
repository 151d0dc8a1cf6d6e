"""How well a straight line through frozen features separates the target's classes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from whence.measures.contract import Measure
from whence.measures.folds import Folds, checked_folds, stratified
from whence.measures.inputs import Floats, Indices, checked_labels
from whence.measures.prepared import Prepared, prepare
from whence.stats import auc

STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)  # C, the inverse of the L2 penalty


def linear_probe(
    features: ArrayLike | Prepared,
    labels: ArrayLike,
    *,
    folds: Folds | None = None,
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
    features: ArrayLike | Prepared,
    labels: ArrayLike,
    *,
    folds: Folds | None = None,
    seed: int = 0,
    strengths: Sequence[float] = STRENGTHS,
) -> Floats:
    """The probe's AUC on each fold's test part, shape (K,), one-vs-rest weighted by class priors.

    `features` (N, D) are finite numbers (or prepared), `labels` (N,) anything sortable with ≥ 2 classes; `folds` are
    (train indices, test indices), by default five stratified ones drawn with `seed`. Standardisation and the
    choice of C among `strengths` (log-loss, three inner folds) see the training part alone. A fold whose
    test part holds a single class has no AUC: NaN. Inputs are not changed.

    Raises `ValueError` for wrong shapes, NaN or infinity, fewer than two classes, a class of one image
    (default folds only), a fold that overlaps itself or trains on one class, or when no fold has an AUC.
    Source: Kornblith, Shlens, Le, *Do better ImageNet models transfer better?* (2019), the linear protocol.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    x = prepare(features).features
    y = checked_labels(labels, len(x), at_least=2 if folds is None else 1)
    parts = checked_folds(folds, y, seed=seed)
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
    for train, test in stratified(y, seed, splits=3):
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


MEASURE = Measure(
    name="linear_probe",
    kind="score",
    compute=linear_probe,
    higher_is_better=True,
    bounds=(0.0, 1.0),
    needs=("features", "labels"),
    cost="one penalised fit per fold, C and inner fold: O(N² min(N, D)); 1 to 3 s for 500 × 512",
    citation="Kornblith, Shlens, Le: Do better ImageNet models transfer better? CVPR 2019",
    meaning="The network is left as it is, and a straight line is drawn through what it sees so as to separate "
    "the classes. The number is the AUC on images that the line was not drawn with: 0.5 is guessing, 1 is "
    "perfect. It is the AUC that one would have without any fine-tuning.",
    trust="From about 50 images on. It is on the same scale for all targets and sources, and its folds tell "
    "how sure it is; differences smaller than that spread say nothing.",
    blind_to="what fine-tuning changes: it judges the features as they are",
    per_fold=linear_probe_folds,
)
