"""Equal, grouped, stratified parts of some images, and which images belong together."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]


def unite(
    groups: npt.NDArray[np.str_] | None,
    pixel_digest: npt.NDArray[np.bytes_],
    pairs: npt.NDArray[np.int64] | None = None,
) -> npt.NDArray[np.int64]:
    """A number per image, (N,): equal for images that must stay together.

    Those are images of one group, pixel-identical images and `pairs` of images, (P, 2), and whatever hangs together
    through these. A group called "" is unknown: it joins nothing.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(pixel_digest)
    _, pixels = np.unique(pixel_digest, return_inverse=True)
    ends = [pixels + count]
    starts = [np.arange(count)]
    nodes = count + int(pixels.max()) + 1
    if groups is not None:
        named = np.flatnonzero(groups != "")
        _, number = np.unique(groups[named], return_inverse=True)
        starts.append(named)
        ends.append(number + nodes)
        nodes += len(np.unique(number))
    if pairs is not None:
        starts.append(pairs[:, 0])
        ends.append(pairs[:, 1])
    start, end = np.concatenate(starts), np.concatenate(ends)
    links = coo_array((np.ones(len(start), dtype=bool), (start, end)), shape=(nodes, nodes))
    _, component = connected_components(links, directed=False)
    return np.asarray(component[:count], dtype=np.int64)


def cut_parts(
    labels: npt.NDArray[np.int64], groups: npt.NDArray[np.int64], count: int, seed: int
) -> npt.NDArray[np.int64]:
    """The part, 0 … count - 1, of every image (N,): no group divided, classes spread evenly.

    `count` is at least 2, and at most the size of the largest class and the number of groups.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    alone = len(np.unique(groups)) == len(groups)
    # without groups the plain cutter gives the same guarantee in a hundredth of the time
    cutter = (StratifiedKFold if alone else StratifiedGroupKFold)(count, shuffle=True, random_state=seed)
    division = cutter.split(labels, labels, None if alone else groups)
    parts = np.zeros(len(labels), dtype=np.int64)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        for part, (_, inside) in enumerate(division):
            parts[inside] = part
    return parts
