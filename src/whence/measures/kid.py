"""How far apart two datasets' features lie by a polynomial kernel, without bias from the number of images."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from whence.measures.contract import Measure
from whence.measures.inputs import Floats
from whence.measures.pairs import checked_pair, mean_between, mean_within
from whence.measures.prepared import Prepared


def kid(a: ArrayLike | Prepared, b: ArrayLike | Prepared) -> float:
    """Unbiased squared MMD with the kernel (x·y / D + 1)³, on all images; lower is closer, and it may be negative.

    `a` are (N, D) features, `b` (M, D). Raises `ValueError` as all measures do.
    Source: Bińkowski, Sutherland, Arbel, Gretton, *Demystifying MMD GANs* (2018), section 4.
    """
    x, y = checked_pair(a, b)
    return mean_within(_cubic, x) + mean_within(_cubic, y) - 2 * mean_between(_cubic, x, y)


def _cubic(x: Floats, y: Floats) -> Floats:
    inner: Floats = x @ y.T
    inner /= x.shape[1]
    inner += 1.0
    return np.asarray(inner * inner * inner)


MEASURE = Measure(
    name="kid",
    kind="distance",
    compute=kid,
    higher_is_better=False,
    bounds=(None, None),
    needs=("features",),
    symmetric=True,
    cost="a kernel value per pair of images: O((N + M)² D)",
    citation="Bińkowski, Sutherland, Arbel, Gretton: Demystifying MMD GANs. ICLR 2018",
    meaning="A network looks at both sets of images. Do images of the one set resemble each other more than they "
    "resemble images of the other? Zero on average where both are drawn from the same source. The labels are not "
    "looked at.",
    trust="Also with few images: it neither grows nor shrinks with their number. A negative value is no error "
    "and means no distance that could be told from none.",
    blind_to="the labels; differences beyond the third moments of the features; what the network that gives the "
    "features does not see",
)
