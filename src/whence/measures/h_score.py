"""How far apart the classes lie, in units of the features' regularised covariance."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike

from whence.measures.contract import Measure, MeasureWarning
from whence.measures.inputs import checked_labels, class_sums
from whence.measures.linear_algebra import solve
from whence.measures.prepared import Prepared, prepare

SATURATED = 0.99  # of the bound C − 1


def h_score(features: ArrayLike | Prepared, labels: ArrayLike) -> float:
    """Regularised H-score: (1 − a) tr(Σₐ⁻¹ cov of class means), in [0, (C − 1) N / (N − 1)]; higher is better.

    Σₐ = (1 − a) S + a tr(S) / D · I with S the covariance of the features (divided by N) and Ledoit and Wolf's
    shrinkage a; the class means are weighted by class size (divided by N − 1). `features` are (N, D) or prepared,
    `labels` (N,). Warns where the value is all but C − 1
    or beyond. Raises `ValueError` as all measures do.
    Source: Ibrahim, Ponomareva, Mazumder, *Newer is not always better* (2022), section 3; Bao et al. (2019).
    """
    ready = prepare(features)
    y = checked_labels(labels, len(ready))
    if ready.variance == 0:
        return 0.0
    n, classes = len(ready), int(y.max()) + 1
    shrinkage = ledoit_wolf(ready)
    covariance = (1 - shrinkage) / n * ready.scatter
    covariance[np.diag_indices_from(covariance)] += shrinkage * ready.variance / ready.dimensions
    sums = class_sums(ready.centred, y, classes)
    spread = sums.T / np.sqrt(np.bincount(y) * (n - 1))
    value = float((1 - shrinkage) * (spread * solve(covariance, spread)).sum())
    if value > SATURATED * (classes - 1):
        warnings.warn(
            f"H-score: {value:.4f} is all but its bound of {classes - 1} ({n} images, {ready.dimensions} features): "
            "it can no longer tell sources apart; use a cross-validated measure",
            MeasureWarning,
            stacklevel=2,
        )
    return max(value, 0.0)


def ledoit_wolf(ready: Prepared) -> float:
    """The share in [0, 1] by which the covariance is drawn to a multiple of the identity.

    Source: Ledoit, Wolf, *A well-conditioned estimator for large-dimensional covariance matrices* (2004), lemma 3.2.
    """
    n, d = len(ready), ready.dimensions
    squared = float((ready.scatter**2).sum()) / n**2  # |S|²
    apart = squared - ready.variance**2 / d  # |S − tr(S) / D · I|²
    lengths = np.einsum("ij,ij->i", ready.centred, ready.centred)
    noise = (float((lengths**2).sum()) / n - squared) / n
    return 0.0 if apart <= 1e-14 * squared else float(min(max(noise / apart, 0.0), 1.0))


MEASURE = Measure(
    name="h_score",
    kind="score",
    compute=h_score,
    higher_is_better=True,
    bounds=(0.0, None),
    needs=("features", "labels"),
    cost="the features' covariance and one Cholesky factor: O(N D min(N, D))",
    citation="Ibrahim, Ponomareva, Mazumder: Newer is not always better. ECML PKDD 2022 (after Bao et al., "
    "ICIP 2019)",
    meaning="How far the average images of the classes lie apart, measured against how much all images differ. "
    "Zero: the classes look alike to the network. The most it can reach is the number of classes less one.",
    trust="With more images than features. With fewer, the covariance has to be guessed in part (shrinkage), "
    "and the guess moves the value; near its bound, of which it warns, it says nothing.",
    blind_to="what fine-tuning changes; classes that differ in spread rather than in mean",
)
