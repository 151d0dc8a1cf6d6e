"""How far apart two datasets' features lie by a Gaussian kernel as wide as the typical distance between images."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from whence.measures.contract import Measure
from whence.measures.inputs import Floats
from whence.measures.pairs import (
    BLOCK,
    centred_together,
    checked_pair,
    mean_between,
    mean_within,
    squared_distances,
)
from whence.measures.prepared import Prepared


def mmd(a: ArrayLike | Prepared, b: ArrayLike | Prepared) -> float:
    """Unbiased squared MMD with the kernel exp(−|x − y|² / 2σ²), in [−2, 2]; lower is closer, and it may be negative.

    `a` are (N, D) features, `b` (M, D); σ is the median distance between any two different images of both together
    (of those that are not 0 where the median is 0). The scale of the features does not matter. Raises `ValueError` as
    all measures do.
    Source: Gretton, Borgwardt, Rasch, Schölkopf, Smola, *A kernel two-sample test* (2012), equation 3.
    """
    x, y = centred_together(*checked_pair(a, b))
    width = _median_square(np.vstack([x, y]))
    if width == 0:
        return 0.0

    def kernel(left: Floats, right: Floats) -> Floats:
        squares = squared_distances(left, right)
        squares /= -2 * width
        return np.asarray(np.exp(squares, out=squares))

    return mean_within(kernel, x) + mean_within(kernel, y) - 2 * mean_between(kernel, x, y)


def _median_square(x: Floats) -> float:
    """The median squared distance of two different rows; of those above 0 where half are not."""
    n = len(x)
    rows = np.arange(n)
    squares = np.concatenate(
        [squared_distances(x[i : i + BLOCK], x)[rows[i : i + BLOCK, None] < rows] for i in range(0, n, BLOCK)]
    )
    squares[squares <= 1e-14 * squares.max()] = 0.0  # equal but for rounding
    median = float(np.median(squares, overwrite_input=True))
    if median == 0 and squares.any():
        median = float(np.median(squares[squares > 0]))
    return median


MEASURE = Measure(
    name="mmd",
    kind="distance",
    compute=mmd,
    higher_is_better=False,
    bounds=(-2.0, 2.0),
    needs=("features",),
    symmetric=True,
    cost="a kernel value per pair of images: O((N + M)² D); 4 (N + M)² bytes for the median",
    citation="Gretton, Borgwardt, Rasch, Schölkopf, Smola: A kernel two-sample test. JMLR 2012",
    meaning="A network looks at both sets of images. Do images of the one set have more near neighbours among "
    "themselves than in the other? Zero on average where both are drawn from the same source. The labels are not "
    "looked at.",
    trust="Also with few images, and on features of any scale. The width of near is set by both datasets "
    "together, so values of different pairs of datasets compare only roughly.",
    blind_to="the labels; detail much finer than the typical distance between two images; what the network that "
    "gives the features does not see",
)
