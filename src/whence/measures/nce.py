"""How much the source's own guess leaves open about the label."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from whence.measures.contract import Measure
from whence.measures.inputs import checked_labels


def nce(source_labels: ArrayLike, labels: ArrayLike) -> float:
    """Negative conditional entropy −H(Y | Z) in nats, in [−H(Y), 0]; higher is better.

    `source_labels` (N,) are the source classes that its head picks (numbers or names; one class alone is allowed),
    `labels` (N,). Raises `ValueError` as all measures do.
    Source: Tran, Nguyen, Hassner, *Transferability and hardness of supervised classification tasks* (2019), section 4.
    """
    given = np.asarray(source_labels)
    if given.ndim != 1 or (given.dtype.kind == "f" and not np.isfinite(given).all()):
        raise ValueError(f"source_labels have shape {given.shape}: (N,) class numbers or names are needed")
    y = checked_labels(labels, len(given))
    names, z = np.unique(given, return_inverse=True)
    joint = np.bincount(z * (int(y.max()) + 1) + y, minlength=len(names) * (int(y.max()) + 1))
    counts = joint.reshape(len(names), -1)
    shares = counts / counts.sum(axis=1, keepdims=True)
    present = counts > 0
    return min(0.0, float((counts[present] * np.log(shares[present])).sum() / len(y)))


MEASURE = Measure(
    name="nce",
    kind="score",
    compute=nce,
    higher_is_better=True,
    bounds=(None, 0.0),
    needs=("source_labels", "labels"),
    cost="one count of pairs: O(N)",
    citation="Tran, Nguyen, Hassner: Transferability and hardness of supervised classification tasks. ICCV "
    "2019",
    meaning="For each image the network names the one of its own classes that fits best. How uncertain is the "
    "diagnosis once that name is known? Zero: not at all.",
    trust="With many more images than source classes: where every image has a name of its own, nothing is left "
    "open, and the value is 0 for no good reason. Only between sources on the same target.",
    blind_to="what fine-tuning changes; how sure the network was of its name",
)
