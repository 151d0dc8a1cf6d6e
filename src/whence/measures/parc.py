"""Do images of one class look more alike to the network than images of two?"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike

from whence.measures.contract import Measure, MeasureWarning
from whence.measures.inputs import Floats, Indices, checked_labels
from whence.measures.prepared import Prepared, content_order, prepare

DECIMALS = 12  # correlations that agree so far are ties: the rest is rounding


def parc(
    features: ArrayLike | Prepared,
    labels: ArrayLike,
    *,
    dims: int | None = 32,
    max_samples: int = 2000,
    seed: int = 0,
) -> float:
    """Pairwise annotation representation comparison, in [−100, 100]; higher is better, 0 is chance.

    100 × Spearman's correlation, over all pairs of images, of 1 − Pearson's correlation of their features with whether
    they are of two classes (exactly 0 or 1). `features` are (N, D) or prepared, first turned into `dims` principal
    components (None: left as they are), then standardised; `labels` (N,). More than `max_samples` images are thinned
    to so many, class by class, drawn with `seed`. Warns where fewer than three columns leave no correlation to speak
    of. Raises `ValueError` for `dims` below 1, `max_samples` below two per class, and as all measures do.
    Source: Bolya, Mittapalli, Hoffman, *Scalable diverse model selection for accessible transfer learning* (2021),
    section 3.
    """
    ready = prepare(features)
    y = checked_labels(labels, len(ready))
    if dims is not None and dims < 1:
        raise ValueError(f"dims is {dims}; 1 or more, or None for no reduction, is needed")
    points = ready.features if dims is None else ready.principal(dims)
    chosen = _thinned(ready.features, y, max_samples, seed)
    if points.shape[1] < 3:
        warnings.warn(
            f"PARC: {points.shape[1]} dimensions with any variance are too few for correlations between images",
            MeasureWarning,
            stacklevel=2,
        )
    pairs = np.tri(len(chosen), k=-1, dtype=np.bool_)
    same = y[chosen][:, None] == y[chosen]
    return 100 * _spearman(np.round(_correlations(points[chosen])[pairs], DECIMALS), same[pairs])


def _thinned(features: Floats, y: Indices, most: int, seed: int) -> Indices:
    """At most so many images, each class keeping its share and two images at least."""
    counts = np.bincount(y)
    if most < 2 * len(counts):
        raise ValueError(
            f"max_samples is {most}; two of each of the {len(counts)} classes are needed at least"
        )
    if len(y) <= most:
        return np.arange(len(y))
    order = content_order(features, y)
    shares = np.maximum(2, np.floor(counts * (most / len(y))).astype(np.int64))
    random = np.random.default_rng(seed)
    return np.concatenate(
        [random.permutation(order[y[order] == c])[:share] for c, share in enumerate(shares)]
    )


def _correlations(points: Floats) -> Floats:
    """Pearson's correlation of each two images over the standardised columns, (N, N).

    An image whose standardised features are all the same has no correlation with any: 0.
    """
    spread = points.std(axis=0)
    kept = spread > 1e-13 * np.abs(points).max(axis=0)
    z = (points[:, kept] - points[:, kept].mean(axis=0)) / spread[kept]
    if not z.shape[1]:
        z = np.zeros((len(points), 1))
    largest = np.abs(z).max(axis=1)
    z -= z.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(z, axis=1)
    z /= np.where(lengths > 1e-12 * np.maximum(largest, 1e-300), lengths, np.inf)[:, None]
    return np.asarray(z @ z.T)


def _spearman(values: Floats, same: np.ndarray) -> float:
    """Spearman's correlation of `values` (M,) with a yes or no, ties sharing their mean rank.

    With one side binary it is a scaled Mann–Whitney statistic: two sorts instead of ranks of everything.
    """
    yes, no = np.sort(values[same]), np.sort(values[~same])
    ordered = np.sort(np.concatenate([yes, no]), kind="stable")  # a merge of two sorted runs
    ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
    ties = np.diff(ends, prepend=-1).astype(np.float64)
    m = float(len(values))
    variance = (m**2 - 1 - (ties * (ties**2 - 1)).sum() / m) / 12  # of the ranks
    if variance <= 0:
        return 0.0
    below = np.searchsorted(no, yes, "left") + np.searchsorted(no, yes, "right")
    wins = float(below.sum()) / 2  # of yes over no, ties half
    pairs = float(len(yes)) * len(no)
    gap = m * (wins / pairs - 0.5)  # mean rank of yes less that of no
    return float(min(max(gap * np.sqrt(pairs / variance) / m, -1.0), 1.0))


MEASURE = Measure(
    name="parc",
    kind="score",
    compute=parc,
    higher_is_better=True,
    bounds=(-100.0, 100.0),
    needs=("features", "labels"),
    cost="32 principal components, then all pairs of at most 2,000 images: O(N² log N)",
    citation="Bolya, Mittapalli, Hoffman: Scalable diverse model selection for accessible transfer learning. "
    "NeurIPS 2021",
    meaning="Take any two images. If they look alike to the network, do they have the same diagnosis? The "
    "number is the correlation of the two, in percent: 0 is chance. Even a perfect network does not reach 100.",
    trust="It needs no more images than features and does not saturate, but it is a weak signal: compare "
    "sources on one target only.",
    blind_to="what fine-tuning changes; a diagnosis that shows in one feature among many",
)
