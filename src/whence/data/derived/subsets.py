"""Parts of a dataset: a stratified subset by number or share, a ladder of them, some of its classes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from whence.data.address import join_names
from whence.data.dataset import Dataset
from whence.data.derived._made import made, seeded
from whence.errors import InputError, unknown_name


def stratified(
    dataset: Dataset, *, n: int | None = None, share: float | None = None, seed: int = 0
) -> Dataset:
    """A stratified subset of `n` images, or of a `share` in (0, 1] of them.

    Each class keeps its share to within one image, and at least one image. Subsets with one seed are nested: the
    first 100 images are among the first 1,000. The draw goes by the images' content, so that it is the same on every
    machine. Groups and splits stay with their images. Raises `InputError` for more images than there are, or fewer
    than classes.
    """
    if (n is None) == (share is None):
        raise InputError(
            f"a subset of {dataset.name!r} takes either n (a number) or share (0 to 1), not both"
        )
    asked = ("n", str(n)) if share is None else ("share", f"{share:g}")
    if share is not None:
        if not 0 < share <= 1:
            raise InputError(f"share is {share:g} for {dataset.name!r}; accepted is more than 0, at most 1")
        n = round(share * len(dataset))
    assert n is not None
    classes = len(np.unique(dataset.labels))
    if not classes <= n <= len(dataset):
        raise InputError(
            f"a subset of {n} images was asked of {dataset.name!r}, which has {len(dataset)} images in {classes} "
            f"classes; accepted is {classes} to {len(dataset)}"
        )
    chosen = stratified_order(dataset.labels, dataset.digests, seed)[:n]
    sentence = f"stratified subset of {n} of {len(dataset)} images (seed {seed})"
    return made(dataset.subset(chosen), dataset, seeded([asked], seed), sentence)


def ladder(dataset: Dataset, sizes: Sequence[int], *, seed: int = 0) -> tuple[Dataset, ...]:
    """Nested stratified subsets of growing size, one per entry of `sizes`: how much data does the task need?"""
    return tuple(stratified(dataset, n=size, seed=seed) for size in sorted(sizes))


def only_classes(dataset: Dataset, names: Sequence[str]) -> Dataset:
    """The images of some classes, two at least, in the dataset's own order of classes. Raises `InputError`."""
    unknown = [name for name in names if name not in dataset.class_names]
    if unknown:
        raise unknown_name("class", unknown[0], dataset.class_names, f"It was asked of {dataset.name}")
    kept = [name for name in dataset.class_names if name in names]
    if len(kept) < 2:
        raise InputError(f"{dataset.name!r} would keep {len(kept)} of its classes; name at least two")
    numbers = [dataset.class_names.index(name) for name in kept]
    chosen = np.flatnonzero(np.isin(dataset.labels, numbers))
    position = np.full(len(dataset.class_names), -1)
    position[numbers] = np.arange(len(kept))
    part = dataset.subset(chosen)
    part = replace(part, class_names=tuple(kept), labels=position[part.labels])
    sentence = f"{len(kept)} of {len(dataset.class_names)} classes: {', '.join(kept)}"
    return made(part, dataset, [("classes", join_names(kept))], sentence)


def stratified_order(
    labels: npt.NDArray[np.int64], identities: Sequence[str], seed: int
) -> npt.NDArray[np.int64]:
    """An order of all images, (N,) indices, each beginning of which is stratified by class.

    `identities` (N,) tell the images apart and, with the seed, shuffle each class. Image k of a class of size m comes
    at (k + ½) / m, so every beginning holds each class in its share to within one image; the first of each class
    comes before everything else.
    """
    shuffled = sorted(
        range(len(labels)),
        key=lambda i: (hashlib.sha256(f"{seed} {identities[i]}".encode()).digest(), i),
    )
    sizes = np.bincount(labels)
    seen = np.zeros(len(sizes), dtype=np.int64)
    place = np.empty(len(labels))
    for i in shuffled:
        label = labels[i]
        place[i] = (seen[label] + 0.5) / sizes[label] if seen[label] else 0.0
        seen[label] += 1
    turn = np.empty(len(labels), dtype=np.int64)
    turn[shuffled] = np.arange(len(labels))
    return np.lexsort((turn, place))
