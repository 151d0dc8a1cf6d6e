"""Near-duplicates by perceptual hash: the same picture saved anew, resized, brightened, flipped or turned.

A hash is pHash (Zauner 2010) with 256 bits: which of the 16 × 16 lowest frequencies of a 64 × 64 grey copy exceed their
median. Flipping or turning a picture only changes signs and places of its frequencies, so one cosine transform
gives the hashes of all eight orientations; each is that of `imagehash.phash`, which would take eight transforms.

Why 256 bits: of 640 different chest X-rays, 64 bits at distance 6 chain 28 into one group. 256 bits keep all of them
apart up to distance 40, and find the turned copies in a histology set at distances 2 and 10.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image

from whence.data.kept import kept_array

VERSION = 1  # raise it when the same images would give other hashes or pairs (and the version of the survey)
THRESHOLD = 20  # of 256 bits: pairs at most this far apart are near-duplicates
ORIENTATIONS = 8
_SIDE, _KEPT = 64, 16  # pixels, and of their frequencies those in the hash, along each side
_ALTERNATING = np.where(np.arange(_KEPT) % 2, -1, 1)  # what mirroring does to the frequencies across
_CHUNK = 2_000_000  # candidates that are compared at a time
_FEWEST_BANDS = 4  # of 64 bits each, what one number holds

Hashes = npt.NDArray[np.uint8]  # (N, 8, 32): for each image the packed bits of its eight orientations
Pairs = npt.NDArray[np.int64]  # (P, 2)


def perceptual_hashes(image: Image.Image) -> Hashes:
    """The hashes (8, 32) of one image, mode "L" or "RGB": as it stands first, then flipped and turned."""
    from scipy.fft import dctn

    small = image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    frequencies = dctn(np.asarray(small, dtype=np.float64))[:_KEPT, :_KEPT]
    frequencies[np.abs(frequencies) < 1e-6] = 0  # nothing but rounding, in a flat picture
    mirrored = frequencies * _ALTERNATING
    flipped = [frequencies, mirrored, frequencies * _ALTERNATING[:, None], mirrored * _ALTERNATING[:, None]]
    all_ways = np.stack([*flipped, *(way.T for way in flipped)]).reshape(ORIENTATIONS, -1)
    return np.packbits(all_ways > np.median(all_ways, axis=1, keepdims=True), axis=1)


def near_pairs(hashes: Hashes, threshold: int = THRESHOLD) -> Pairs:
    """Pairs i < j of near-duplicates within one set of hashes (N, 8, 32), in order, by which all hang together.

    Of images with equal hashes the first stands for the others: each of them is paired with it alone.
    """
    first, of_image = _distinct(hashes)
    found = _close(hashes[first], hashes[first], threshold)
    found = np.sort(first[found[found[:, 0] != found[:, 1]]], axis=1)
    repeats = np.flatnonzero(first[of_image] != np.arange(len(hashes)))
    equal = np.stack([first[of_image[repeats]], repeats], axis=1)
    return np.unique(np.concatenate([found, equal]), axis=0)


def kept_near_pairs(fingerprint: str, hashes: Hashes) -> Pairs:
    """The `near_pairs` of the dataset with this fingerprint, worked out once."""
    return kept_array("near_duplicates", f"{fingerprint}-v{VERSION}-{THRESHOLD}", lambda: near_pairs(hashes))


def near_pairs_between(a: Hashes, b: Hashes, threshold: int = THRESHOLD) -> Pairs:
    """For every image of `a` that has near-duplicates in `b`, it and the first of them, in order."""
    first_a, of_a = _distinct(a)
    first_b, _ = _distinct(b)
    found = np.unique(_close(a[first_a], b[first_b], threshold), axis=0)
    known, at = np.unique(found[:, 0], return_index=True)
    mate = np.full(len(first_a), -1)
    mate[known] = first_b[found[at, 1]]
    images = np.flatnonzero(mate[of_a] >= 0)
    return np.stack([images, mate[of_a][images]], axis=1)


def _distinct(hashes: Hashes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The first image of each kind of equal hashes, in order, and for every image its kind."""
    rows = np.ascontiguousarray(hashes).reshape(len(hashes), -1)
    _, first, kind = np.unique(rows.view(f"V{rows.shape[1]}").ravel(), return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first[order], rank[kind]


def _close(a: Hashes, b: Hashes, threshold: int) -> Pairs:
    """Pairs (image of a, image of b), maybe repeated: a as it stands, at most `threshold` bits from b in some way.

    Exact, and nearly linear in the number of images. Bits are cut into so many bands that two hashes this close
    differ in at most one bit of some band; only pairs that do are compared whole.
    """
    if not len(a) or not len(b):
        return np.empty((0, 2), dtype=np.int64)
    standing, turned = a[:, 0], b.reshape(-1, b.shape[-1])
    words_a, words_b = (np.ascontiguousarray(hashes).view(np.uint64) for hashes in (standing, turned))
    found = [np.empty((0, 2), dtype=np.int64)]
    bands = max(threshold // 2 + 1, _FEWEST_BANDS)
    edges = np.linspace(0, 8 * a.shape[-1], bands + 1).astype(int)
    for start, end in pairwise(edges.tolist()):
        for i, j in _agreeing(_band(standing, start, end), _band(turned, start, end), end - start):
            near = np.bitwise_count(words_a[i] ^ words_b[j]).sum(axis=1) <= threshold
            found.append(np.stack([i[near], j[near] // ORIENTATIONS], axis=1))
    return np.concatenate(found)


def _agreeing(
    a: npt.NDArray[np.uint64], b: npt.NDArray[np.uint64], bits: int
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """All positions (i, j) at which numbers of `bits` bits differ in at most one, in chunks that fit into memory."""
    order_a, order_b = np.argsort(a, kind="stable"), np.argsort(b, kind="stable")
    a, b = a[order_a], b[order_b]  # what is sought in order is found several times faster
    for change in (0, *(1 << bit for bit in range(bits))):
        sought = a ^ np.uint64(change)
        start = np.searchsorted(b, sought, side="left")
        count = np.searchsorted(b, sought, side="right") - start
        ends = np.cumsum(count)
        first = 0
        while first < len(a):
            done = int(ends[first - 1]) if first else 0
            last = max(first + 1, int(np.searchsorted(ends, done + _CHUNK, side="right")))
            some = count[first:last]
            inside = np.arange(some.sum()) - np.repeat(np.cumsum(some) - some, some)
            yield (
                np.repeat(order_a[first:last], some),
                order_b[np.repeat(start[first:last], some) + inside],
            )
            first = last


def _band(hashes: npt.NDArray[np.uint8], start: int, end: int) -> npt.NDArray[np.uint64]:
    """Bits `start` to `end` of packed hashes (N, 32), as one number a hash."""
    skipped = start // 8
    bits = np.unpackbits(hashes[:, skipped : (end + 7) // 8], axis=1)[
        :, start - 8 * skipped : end - 8 * skipped
    ]
    number = np.zeros(len(hashes), dtype=np.uint64)
    for column in bits.T:
        number = (number << np.uint64(1)) | column
    return number
