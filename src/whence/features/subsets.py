"""Which images of a dataset are taken together when it is measured more than once."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from whence.data import Dataset
from whence.errors import InputError

Rows = NDArray[np.int64]

SHARE, SUBSETS = 0.01, 100  # the paper's


def sides(dataset: Dataset, draws: int, seed: int) -> list[tuple[Rows, Rows]]:
    """So many random cuts of a dataset into two disjoint halves with the same mixture of classes.

    Images of one group (patient, lesion), and identical files, stay on one side. Raises `InputError` where the dataset
    cannot be cut so.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    groups = _groups(dataset)
    grouped = len(np.unique(groups)) < len(dataset)
    kind = StratifiedGroupKFold if grouped else StratifiedKFold
    seeds = np.random.SeedSequence([seed, int(dataset.fingerprint[:8], 16)]).generate_state(draws)
    found = []
    for state in seeds.tolist():
        cutter = kind(2, shuffle=True, random_state=state)
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
                one, other = next(
                    cutter.split(np.zeros(len(dataset)), dataset.labels, groups if grouped else None)
                )
        except ValueError as error:
            raise InputError(
                f"{dataset.name!r} cannot be cut into halves that hold the same classes ({error}); add images or groups"
            ) from error
        found.append((one.astype(np.int64), other.astype(np.int64)))
    return found


def most_in_a_half(cuts: list[tuple[Rows, Rows]]) -> int:
    """How many images the smallest half has."""
    return min(len(side) for cut in cuts for side in cut)


def halves(dataset: Dataset, cuts: list[tuple[Rows, Rows]], images: int, seed: int) -> list[Rows]:
    """From each cut two disjoint stratified subsets of `images`, one after the other: 0 and 1, 2 and 3, …"""
    random = np.random.default_rng([seed, int(dataset.fingerprint[8:16], 16)])
    return [stratified(dataset.labels, side, images, random) for cut in cuts for side in cut]


def stratified(labels: NDArray[np.int64], rows: Rows, images: int, random: np.random.Generator) -> Rows:
    """`images` of `rows`, sorted: each class has its share as nearly as can be, and one at least where there is room.

    Raises `InputError` for more than there are.
    """
    if not 2 <= images <= len(rows):
        raise InputError(
            f"{images} images cannot be drawn of {len(rows)}; ask for 2 or more, but no more than those"
        )
    classes, counts = np.unique(labels[rows], return_counts=True)
    ideal = images * counts / len(rows)
    quota = np.floor(ideal).astype(np.int64)
    if len(classes) <= images:
        quota = np.maximum(quota, 1)
    order = random.permutation(len(classes))  # who comes first where shares are equal
    while quota.sum() < images:
        short = np.where(quota < counts, ideal - quota, -np.inf)[order]
        quota[order[int(short.argmax())]] += 1
    while quota.sum() > images:
        over = np.where(quota > 1, quota - ideal, -np.inf)[order]
        quota[order[int(over.argmax())]] -= 1
    chosen = [random.permutation(rows[labels[rows] == c])[:n] for c, n in zip(classes, quota, strict=True)]
    return np.sort(np.concatenate(chosen))


def weighted(dataset: Dataset, count: int = SUBSETS, share: float = SHARE) -> list[Rows]:
    """The paper's subsets: `share` of the images (two at least), drawn without replacement with weights that make
    all classes equally likely, the subset's number (1, 2, …) being the seed.
    """
    weights = 1 / np.bincount(dataset.labels)[dataset.labels]
    weights /= weights.sum()
    images = max(round(share * len(dataset)), 2)
    return [
        np.sort(np.random.default_rng(number).choice(len(dataset), images, replace=False, p=weights))
        for number in range(1, count + 1)
    ]


def _groups(dataset: Dataset) -> NDArray[np.int64]:
    """A number per image; images that must not be parted have the same one."""
    names = list(dataset.digests)
    if dataset.groups is not None:
        names = [
            f"group {group}" if group else digest
            for group, digest in zip(dataset.groups.tolist(), dataset.digests, strict=True)
        ]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)
