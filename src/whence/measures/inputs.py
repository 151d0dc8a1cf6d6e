"""The checks that all measures share: what they are given, as float64 and as class numbers from 0."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def checked_features(given: ArrayLike, name: str = "features") -> Floats:
    """`given` as float64 (N, D), N ≥ 2 and D ≥ 1, all finite; it may share memory with `given`: never write to it.

    Raises `ValueError` naming `name`.
    """
    x = np.asarray(given, dtype=np.float64)
    if x.ndim != 2 or x.shape[0] < 2 or x.shape[1] < 1:
        raise ValueError(f"{name} have shape {x.shape}: (N, D) are needed, with N of 2 or more")
    if not np.isfinite(x).all():
        raise ValueError(f"{name} hold NaN or infinity; leave out the images that give them")
    return x


def checked_labels(given: ArrayLike, count: int, *, at_least: int = 2, name: str = "labels") -> Indices:
    """`given` as numbers 0 to C − 1, (N,), in the classes' sorted order; numbers with gaps and names are taken.

    Raises `ValueError` unless there are `count` labels of two classes or more, and `at_least` images of each class.
    """
    labels = np.asarray(given)
    if labels.shape != (count,):
        raise ValueError(f"{name} have shape {labels.shape}: ({count},) are needed, one per image")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise ValueError(f"{name} hold NaN or infinity")
    classes, y, images = np.unique(labels, return_inverse=True, return_counts=True)
    if len(classes) < 2:
        raise ValueError(f"{name} hold a single class: at least two are needed")
    fewest = int(images.argmin())
    if images[fewest] < at_least:
        count_said = "a single image" if images[fewest] == 1 else f"{images[fewest]} images"
        raise ValueError(
            f"class {classes[fewest].item()!r} holds {count_said}: at least {at_least} of each class are needed; "
            "add images, leave the class out, or merge it with another"
        )
    return y.astype(np.int64)


def class_sums(values: Floats, y: Indices, classes: int) -> Floats:
    """The sum of the rows of each class, (C, D)."""
    members = np.zeros((classes, len(y)))
    members[y, np.arange(len(y))] = 1.0
    sums: Floats = members @ values
    return sums


def checked_probabilities(given: ArrayLike) -> Floats:
    """`given` as float64 (N, S), rows of probabilities that sum to 1 (within 0.001, for those computed in float32).

    Raises `ValueError` otherwise.
    """
    p = np.asarray(given, dtype=np.float64)
    if p.ndim != 2 or p.shape[0] < 2 or p.shape[1] < 1:
        raise ValueError(f"probabilities have shape {p.shape}: (N, S) are needed, with N of 2 or more")
    off = np.abs(p @ np.ones(p.shape[1]) - 1)
    if not np.isfinite(off).all():
        raise ValueError("probabilities hold NaN or infinity")
    if off.max() > 1e-3 or p.min() < 0:
        raise ValueError(
            f"probabilities must be 0 or more and each row must sum to 1 (one is off by {off.max():.3g}, the least "
            f"entry is {p.min():.3g}); give the softmax of the source's logits"
        )
    return p
