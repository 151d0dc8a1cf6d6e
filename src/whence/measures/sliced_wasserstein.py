"""How far one dataset's features have to be moved to become the other's, seen along many random directions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from whence.measures.contract import Measure
from whence.measures.inputs import Floats
from whence.measures.pairs import centred_together, checked_pair
from whence.measures.prepared import Prepared

DIRECTIONS = 500


def sliced_wasserstein(
    a: ArrayLike | Prepared, b: ArrayLike | Prepared, *, seed: int = 0, directions: int = DIRECTIONS
) -> float:
    """The root of the mean squared 2-Wasserstein distance along random directions, 0 or more; lower is closer.

    `a` are (N, D) features, `b` (M, D); the unit vectors depend on `seed` and D alone. In the features' own unit: a
    dataset that is shifted by a vector v lies about |v| / √D away. Raises `ValueError` as all measures do.
    Source: Bonneel, Rabin, Peyré, Pfister, *Sliced and Radon Wasserstein barycenters of measures* (2015).
    """
    x, y = centred_together(*checked_pair(a, b))
    unit = np.random.default_rng(seed).normal(size=(x.shape[1], directions))
    unit /= np.linalg.norm(unit, axis=0)
    left, right = np.sort(x @ unit, axis=0), np.sort(y @ unit, axis=0)
    share, rows, columns = _shares(len(x), len(y))
    return float(np.sqrt((share @ (left[rows] - right[columns]) ** 2).mean()))


def _shares(n: int, m: int) -> tuple[Floats, np.ndarray, np.ndarray]:
    """How n sorted points of equal weight go to m: the shares that move, from which, to which.

    In whole numbers of 1 / (n m), so that equal quantiles meet exactly.
    """
    ends = np.unique(np.concatenate([np.arange(1, n + 1) * m, np.arange(1, m + 1) * n]))
    starts = np.concatenate([[0], ends[:-1]])
    return (ends - starts) / (n * m), starts // m, starts // n


MEASURE = Measure(
    name="sliced_wasserstein",
    kind="distance",
    compute=sliced_wasserstein,
    higher_is_better=False,
    bounds=(0.0, None),
    needs=("features",),
    symmetric=True,
    zero_on_itself=True,
    cost="a sort per direction: O(500 (N + M) (D + log(N + M)))",
    citation="Bonneel, Rabin, Peyré, Pfister: Sliced and Radon Wasserstein barycenters of measures. Journal of "
    "Mathematical Imaging and Vision 2015",
    meaning="A network looks at both sets of images. Seen along one of its directions after another, how far would "
    "each image of the one set have to move so that the sets look the same? The labels are not looked at.",
    trust="Between sets of the same number of images: it grows as there are fewer. The directions are drawn at "
    "random, with a seed; another seed moves the value by a few per cent.",
    blind_to="the labels; patterns that no single direction shows; what the network that gives the features does "
    "not see",
)
