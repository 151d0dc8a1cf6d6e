"""Linear discriminants, after the images that are easy have been told apart from those that are not."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike

from whence.measures.contract import Measure, MeasureWarning
from whence.measures.inputs import Floats, checked_labels, class_sums
from whence.measures.linear_algebra import leading, solve
from whence.measures.prepared import Prepared, prepare

SATURATED = 0.999


def sfda(features: ArrayLike | Prepared, labels: ArrayLike) -> float:
    """Self-challenging Fisher discriminant analysis: mean probability of the true class, in (0, 1]; higher is better.

    Shrunken linear discriminants give p; each image is drawn towards the other classes' mean by 1 − p of its own class
    (confidential mixing); the discriminants are fitted again, with the same shrinkage, and the mean probability
    that they give the true classes, on the images they were fitted to, is the value. `features` are (N, D) or
    prepared, `labels` (N,). It depends on the features' scale. Warns where it is saturated, as it always
    is with N ≤ D. Raises `ValueError` as all measures do.
    Source: Shao et al., *Not all models are equal* (2022), sections 3.2 and 3.3.
    """
    ready = prepare(features)
    y = checked_labels(labels, len(ready))
    counts = np.bincount(y).astype(np.float64)
    x = ready.centred
    sums = class_sums(x, y, len(counts))
    means = sums / counts[:, None]
    within = (ready.scatter - (means.T * counts) @ means) / len(y)
    shrinkage = max(np.exp(-5 * max(float(leading(within, 1)[0][0]), 0.0)), 1e-10)
    first = _probabilities(x, means, within, shrinkage, counts, ready.dimensions)
    softened = np.exp(first) / np.exp(first).sum(axis=1, keepdims=True)
    own = softened[np.arange(len(y)), y][:, None]
    others = (means.sum(axis=0) - means) / (len(counts) - 1)
    mixed = own * x + (1 - own) * others[y]

    means = class_sums(mixed, y, len(counts)) / counts[:, None]
    apart = mixed - means[y]
    within = apart.T @ apart / len(y)
    second = _probabilities(mixed, means, within, shrinkage, counts, ready.dimensions)
    value = float(second[np.arange(len(y)), y].mean())
    if value > SATURATED:
        warnings.warn(
            f"SFDA: {value:.4f} is saturated ({len(y)} images, {ready.dimensions} features): the discriminants fit "
            "their own images perfectly and the value cannot tell sources apart; use a cross-validated measure",
            MeasureWarning,
            stacklevel=2,
        )
    return min(value, 1.0)


def _probabilities(
    x: Floats, means: Floats, within: Floats, shrinkage: float, counts: Floats, dimensions: int
) -> Floats:
    """Of each class for each image, (N, C): Gaussians with the shrunken covariance and the classes' shares."""
    shrunken = (1 - shrinkage) * within
    shrunken[np.diag_indices_from(shrunken)] += shrinkage * np.trace(within) / dimensions
    directions = solve(shrunken, means.T)
    scores = x @ directions - 0.5 * (means.T * directions).sum(axis=0) + np.log(counts / counts.sum())
    scores -= scores.max(axis=1, keepdims=True)
    exponentials = np.exp(scores)
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


MEASURE = Measure(
    name="sfda",
    kind="score",
    compute=sfda,
    higher_is_better=True,
    bounds=(0.0, 1.0),
    needs=("features", "labels"),
    cost="two covariances and a Cholesky factor of each: O(N D min(N, D))",
    citation="Shao, Zhao, Ge, Zhang, Yang, Wang, Shan, Luo: Not all models are equal: predicting model "
    "transferability in a self-challenging Fisher space. ECCV 2022",
    meaning="A simple rule is fitted to tell the diagnoses apart; images that it is sure of keep their place, "
    "the others are made harder, and the rule is fitted again. The number is how sure it is of the right "
    "diagnosis, 1 being certain.",
    trust="Only with several times more images than features: it is judged on the images that it was fitted "
    "to, and is 1 for every network when there are fewer. It warns of that.",
    blind_to="what fine-tuning changes; whether the rule holds on new patients",
)
