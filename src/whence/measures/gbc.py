"""How much the classes overlap if each is a round cloud."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike

from whence.measures.contract import Measure, MeasureWarning
from whence.measures.inputs import Floats, Indices, checked_labels, class_sums
from whence.measures.prepared import Prepared, prepare

LEAST_VARIANCE = 1e-4
SATURATED = 1e-9  # of the worst value, C (C − 1)


def gbc(features: ArrayLike | Prepared, labels: ArrayLike, *, dims: int | None = 64) -> float:
    """Gaussian Bhattacharyya coefficient: −Σ exp(−B(i, j)) over ordered pairs of classes, in [−C (C − 1), 0]; higher is
    better, 0 being no overlap.

    Each class is a spherical Gaussian with its mean and its variance v averaged over the D' dimensions (divided by
    N_c, 1e-4 at least): B = |μᵢ − μⱼ|² / (8 v̄) + D'/2 (log v̄ − ½ log vᵢ vⱼ), v̄ being the mean of both. `dims` is the
    number of principal components used (D' ≤ dims: those with any variance), None for the features as they are.
    Warns where the classes do not overlap at all. Raises `ValueError` for `dims` below 1, and as all measures do.
    Source: Pándy, Agostinelli, Uijlings, Ferrari, Mensink, *Transferability estimation using Bhattacharyya class
    separability* (2022), equation 4.
    """
    ready = prepare(features)
    y = checked_labels(labels, len(ready))
    if dims is not None and dims < 1:
        raise ValueError(f"dims is {dims}; 1 or more, or None for no reduction, is needed")
    points = ready.centred if dims is None else ready.principal(dims)
    width = ready.dimensions if dims is None else points.shape[1]
    overlap = float(np.exp(-_distances(points, y, width)).sum()) - (
        int(y.max()) + 1
    )  # a class overlaps itself
    worst = float(y.max() * (y.max() + 1))
    if overlap < SATURATED * worst:
        warnings.warn(
            f"GBC: the classes do not overlap at all in {width} dimensions ({len(ready)} images), so it cannot tell "
            "sources apart; take fewer dims or a cross-validated measure",
            MeasureWarning,
            stacklevel=2,
        )
    return 0.0 - min(max(overlap, 0.0), worst)


def _distances(points: Floats, y: Indices, width: int) -> Floats:
    """Bhattacharyya's distance of every two classes, (C, C)."""
    counts = np.bincount(y)
    means = class_sums(points, y, len(counts)) / counts[:, None]
    lengths = ((points - means[y]) ** 2).sum(axis=1)
    variances = np.maximum(np.bincount(y, weights=lengths) / (counts * max(width, 1)), LEAST_VARIANCE)
    between = ((means[:, None] - means[None]) ** 2).sum(axis=2)
    shared = (variances[:, None] + variances[None]) / 2
    logs = np.log(variances)
    return np.asarray(
        between / (8 * shared) + width / 2 * (np.log(shared) - (logs[:, None] + logs[None]) / 2)
    )


MEASURE = Measure(
    name="gbc",
    kind="score",
    compute=gbc,
    higher_is_better=True,
    bounds=(None, 0.0),
    needs=("features", "labels"),
    cost="64 principal components: O(N D min(N, D)), then O(N + C²) × 64",
    citation="Pándy, Agostinelli, Uijlings, Ferrari, Mensink: Transferability estimation using Bhattacharyya "
    "class separability. CVPR 2022",
    meaning="Each class is drawn as a round cloud of images, and the overlap of every two clouds is added up. "
    "Zero: no two classes overlap in the network's eyes. The worst is minus the number of ordered pairs of "
    "classes.",
    trust="While the clouds overlap at all: where they do not, of which it warns, all good networks have the "
    "same value. Two classes of few images each look apart in 64 dimensions by chance alone.",
    blind_to="what fine-tuning changes; the shape of the clouds",
)
