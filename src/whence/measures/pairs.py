"""Means over pairs of images of one or two datasets, block by block: no table of all pairs is held."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from whence.measures.inputs import Floats, checked_features
from whence.measures.prepared import Prepared

BLOCK = 1024
Kernel = Callable[[Floats, Floats], Floats]  # rows (n, D) and (m, D) to a number per pair (n, m)


def checked_pair(a: ArrayLike | Prepared, b: ArrayLike | Prepared) -> tuple[Floats, Floats]:
    """The features of two datasets as float64 (N, D) and (M, D); never write to them.

    Raises `ValueError` for another shape, fewer than two images, NaN or infinity, or columns that do not match.
    """
    x, y = (given.features if isinstance(given, Prepared) else checked_features(given) for given in (a, b))
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            f"features have {x.shape[1]} columns in one dataset and {y.shape[1]} in the other; take both from the "
            "same network and layer"
        )
    return x, y


def centred_together(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Both without the mean of all their rows, so that distances of points far from zero keep their digits."""
    middle = (x.sum(axis=0) + y.sum(axis=0)) / (len(x) + len(y))
    return x - middle, y - middle


def mean_between(kernel: Kernel, x: Floats, y: Floats) -> float:
    """The mean of a kernel over all pairs of one row of each."""
    total = sum(float(kernel(x[i : i + BLOCK], y).sum()) for i in range(0, len(x), BLOCK))
    return total / (len(x) * len(y))


def mean_within(kernel: Kernel, x: Floats) -> float:
    """The mean of a symmetric kernel over all pairs of two different rows."""
    total = 0.0
    for start in range(0, len(x), BLOCK):
        block, later = x[start : start + BLOCK], x[start + BLOCK :]
        inside = kernel(block, block)
        total += float(inside.sum() - np.trace(inside))
        if len(later):
            total += 2 * float(kernel(block, later).sum())
    return total / (len(x) * (len(x) - 1))


def squared_distances(x: Floats, y: Floats) -> Floats:
    """|x − y|² of each pair, (n, m)."""
    lengths = np.einsum("ij,ij->i", x, x)[:, None] + np.einsum("ij,ij->i", y, y)
    squares: Floats = lengths - 2 * (x @ y.T)
    return np.maximum(squares, 0.0, out=squares)


def distances(x: Floats, y: Floats) -> Floats:
    """|x − y| of each pair, (n, m)."""
    squares = squared_distances(x, y)
    return np.asarray(np.sqrt(squares, out=squares))
