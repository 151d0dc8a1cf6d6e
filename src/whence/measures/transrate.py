"""How many more bits all images need than the images class by class."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike

from whence.measures.contract import Measure, MeasureWarning
from whence.measures.inputs import Floats, checked_labels
from whence.measures.linear_algebra import log_determinant_above_identity
from whence.measures.prepared import Prepared, prepare


def transrate(features: ArrayLike | Prepared, labels: ArrayLike, *, eps: float = 1e-4) -> float:
    """Coding rate of all images less the mean rate of the classes, in nats; 0 or more, higher is better.

    R(Z) = ½ log det(I + Zᵀ Z / (n eps)) for n centred rows Z, and the value is R(F) − Σ (N_c / N) R(F_c), where F_c
    are the rows of class c, centred by the mean of all. `features` are (N, D) or prepared, `labels` (N,). It grows with
    the features' scale: compare sources whose features are of like size, or divide by their mean length. Warns
    where N < D. Raises `ValueError` for an `eps` that is not positive, and as all measures do.
    Source: Huang, Wei, Rong, Yang, Huang, *Frustratingly easy transferability estimation* (2022), equation 5; classes
    weigh by their size, as its derivation has it (published code weighs them alike, which is wrong where unbalanced).
    """
    ready = prepare(features)
    y = checked_labels(labels, len(ready))
    if not eps > 0:
        raise ValueError(f"eps is {eps}; a positive number is needed")
    n = len(ready)
    if n < ready.dimensions:
        warnings.warn(
            f"TransRate: {n} images are fewer than the {ready.dimensions} features; every class then fills directions "
            "of its own and the value says little",
            MeasureWarning,
            stacklevel=2,
        )
    whole = log_determinant_above_identity(ready.scatter / (n * eps))
    parts = 0.0
    for c in range(int(y.max()) + 1):
        rows = ready.centred[y == c]
        parts += len(rows) / n * log_determinant_above_identity(_smaller_gram(rows) / (len(rows) * eps))
    return max(0.0, (whole - parts) / 2)


def _smaller_gram(rows: Floats) -> Floats:
    """Rows times rows or columns times columns: both have the same determinant above the identity."""
    return np.asarray(rows @ rows.T if rows.shape[0] < rows.shape[1] else rows.T @ rows)


MEASURE = Measure(
    name="transrate",
    kind="score",
    compute=transrate,
    higher_is_better=True,
    bounds=(0.0, None),
    needs=("features", "labels"),
    cost="the features' covariance, one Cholesky factor and one per class: O(N D min(N, D))",
    citation="Huang, Wei, Rong, Yang, Huang: Frustratingly easy transferability estimation. ICML 2022",
    meaning="How much shorter the images can be described once their class is known. If knowing the diagnosis "
    "hardly shortens the description, the network does not see the diagnosis. Zero is the least; there is no "
    "upper bound.",
    trust="With several times more images than features, and only between networks whose features have the "
    "same number and size: it grows with both.",
    blind_to="what fine-tuning changes; the scale of the features counts although it means nothing",
)
