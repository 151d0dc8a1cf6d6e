"""How well the source's own head predicts the target's labels, class by class."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from whence.measures.contract import Measure
from whence.measures.inputs import Floats, Indices, checked_labels, checked_probabilities, class_sums


def leep(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Log expected empirical prediction, per image in nats, in (−∞, 0]; higher is better.

    (1/N) Σᵢ log Σ_z P(yᵢ | z) pᵢz with P(y | z) = Σ_{i: yᵢ = y} pᵢz / Σᵢ pᵢz. `probabilities` (N, S) are the source
    head's softmax over its S classes (computed in float64 where it can be), `labels` (N,). Constant probabilities
    give minus the entropy of the labels. Raises `ValueError` for rows that are no probabilities, and as all
    measures do.
    Source: Nguyen, Hassner, Seeger, Archambeau, *LEEP* (2020), equation 2.
    """
    p = checked_probabilities(probabilities)
    return expected_prediction(p, checked_labels(labels, len(p)))


def expected_prediction(p: Floats, y: Indices) -> float:
    """LEEP of checked probabilities (N, S) and class numbers (N,); a column without any mass has no part in it."""
    joint = class_sums(p, y, int(y.max()) + 1)
    mass = joint.sum(axis=0)
    conditional = np.divide(joint, mass, out=np.zeros_like(joint), where=mass > 0)
    predicted = (p @ conditional.T)[np.arange(len(y)), y]
    return min(0.0, float(np.log(predicted).mean()))


MEASURE = Measure(
    name="leep",
    kind="score",
    compute=leep,
    higher_is_better=True,
    bounds=(None, 0.0),
    needs=("probabilities", "labels"),
    cost="two products with the probabilities: O(N S C)",
    citation="Nguyen, Hassner, Seeger, Archambeau: LEEP: a new measure to evaluate transferability. ICML 2020",
    meaning="The network still answers with its own classes (dogs, cars, textures). How well do those answers, "
    "read through a table of which answer goes with which diagnosis, predict the diagnosis? Zero is perfect; "
    "minus the entropy of the diagnoses means that the answers tell nothing.",
    trust="With many more images than source classes: the table is made from the same images, so a head of "
    "1,000 classes looks too good on a few hundred. Only between sources on the same target.",
    blind_to="what fine-tuning changes; anything that the source's own classes do not express",
)
