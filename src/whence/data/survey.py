"""Look at every image of a dataset once, in full: sizes, channels, colours, and what is or looks identical."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from whence.data.dataset import Dataset
from whence.data.images import quiet_decoders
from whence.data.near_duplicates import perceptual_hashes
from whence.data.stores import file_size
from whence.data.threads import Progress, in_threads
from whence.errors import InputError, UnreadableImage
from whence.paths import home, read_json, replacing, write_json

SMALL, BORDER = 64, 3  # the copy that hashes and borders are taken from, and how wide a border is, in pixels
VERSION = 2  # raise it when decoding changes: every survey is then made anew


@dataclass(frozen=True, eq=False)
class Survey:
    """What a dataset's images are like; one entry per image, in the dataset's order.

    `height`, `width` in pixels and `channels` (1 or 3; a colour file whose channels are equal counts as 1):
    int64 (N,). `pixel_digest`: bytes (N,), equal exactly where the decoded pixels are equal, whatever the
    file format. `mean_colour`: float64 (N, 3), red, green, blue in [0, 1]. `perceptual_hash`: uint8 (N, 8, 32), see
    `whence.data.near_duplicates`. `file_size`: int64 (N,), bytes, 0 where an image has no file of its own.
    `border`: float32 (N, 24), mean colours of the four edges and the four corners, in [0, 1].
    """

    fingerprint: str
    height: npt.NDArray[np.int64]
    width: npt.NDArray[np.int64]
    channels: npt.NDArray[np.int64]
    pixel_digest: npt.NDArray[np.bytes_]
    mean_colour: npt.NDArray[np.float64]
    perceptual_hash: npt.NDArray[np.uint8]
    file_size: npt.NDArray[np.int64]
    border: npt.NDArray[np.float32]

    def __len__(self) -> int:
        """How many images were looked at."""
        return len(self.height)


COLUMNS: dict[str, Any] = {  # of a survey: name → type
    "height": np.int64,
    "width": np.int64,
    "channels": np.int64,
    "pixel_digest": "S64",
    "mean_colour": np.float64,
    "perceptual_hash": np.uint8,
    "file_size": np.int64,
    "border": np.float32,
}
Row = tuple[Any, ...]  # of one image, in the order of COLUMNS


def survey(dataset: Dataset, progress: Progress | None = None) -> Survey:
    """The survey of a dataset, from the cache under `home()` if it was made before.

    Raises `UnreadableImage` where an image cannot be decoded, naming the first; nothing is written then.
    """
    cached = _load(dataset)
    if cached is not None:
        return cached
    rows = _look(dataset, progress)
    broken = [row for row in rows if isinstance(row, UnreadableImage)]
    if broken:
        more = (
            f" (and {len(broken) - 1} more of {len(dataset)} images cannot be used)"
            if len(broken) > 1
            else ""
        )
        raise UnreadableImage(
            f"{broken[0]}{more}; mend or remove the file, or leave such images out with --skip-unreadable "
            "(skip_unreadable=True)"
        )
    return _save(dataset, [row for row in rows if not isinstance(row, UnreadableImage)])


def without_unreadable(dataset: Dataset, progress: Progress | None = None) -> Dataset:
    """The dataset without the images that cannot be decoded; `unreadable` counts them.

    Decodes every image unless it was surveyed before; remembers the result by the images' digests.
    Raises `InputError` where no image is left.
    """
    if _load(dataset) is not None:
        return dataset
    memory = _folder() / f"{dataset.fingerprint}.unreadable.json"
    broken = _remembered(memory)
    rows: list[Row | UnreadableImage] = []
    if broken is None:
        rows = _look(dataset, progress)
        broken = {dataset.digests[i] for i, row in enumerate(rows) if isinstance(row, UnreadableImage)}
    kept = [i for i, digest in enumerate(dataset.digests) if digest not in broken]
    if not kept:
        raise InputError(
            f"none of the {len(dataset)} images of {dataset.name!r} can be decoded; check the files"
        )
    whole = len(kept) == len(dataset)
    readable = dataset if whole else replace(dataset.subset(kept), unreadable=len(dataset) - len(kept))
    if rows:
        _save(readable, [row for i in kept if not isinstance(row := rows[i], UnreadableImage)])
        if not whole:
            write_json(memory, {"version": VERSION, "unreadable": sorted(broken)})
    return readable


def _look(dataset: Dataset, progress: Progress | None) -> list[Row | UnreadableImage]:
    with quiet_decoders():
        return list(in_threads(_looker(dataset), len(dataset), progress))


def _looker(dataset: Dataset) -> Callable[[int], Row | UnreadableImage]:
    def look(i: int) -> Row | UnreadableImage:
        try:
            image = dataset.images.open(i)
        except UnreadableImage as error:
            return error
        pixels = np.asarray(image)
        if pixels.ndim == 3 and (pixels == pixels[..., :1]).all():
            pixels = pixels[..., 0]  # a grey picture in a colour file is the same picture
        height, width = pixels.shape[:2]
        channels = 3 if pixels.ndim == 3 else 1
        digest = hashlib.sha256(f"{height} {width} {channels} ".encode() + pixels.tobytes()).hexdigest()
        colour = np.broadcast_to(pixels.mean(axis=(0, 1)) / 255.0, 3)
        small = image.resize((SMALL, SMALL), Image.Resampling.BILINEAR)
        alike, border = perceptual_hashes(small), _border(np.asarray(small))
        return height, width, channels, digest.encode(), colour, alike, file_size(dataset.images, i), border

    return look


def _border(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Mean colours of the edges (top, bottom, left, right) and corners of a picture, (24,), in [0, 1]."""
    first, last, all_of_it = slice(0, BORDER), slice(-BORDER, None), slice(None)
    edges = [(first, all_of_it), (last, all_of_it), (all_of_it, first), (all_of_it, last)]
    corners = [(rows, columns) for rows in (first, last) for columns in (first, last)]
    means = [np.broadcast_to(pixels[where].mean(axis=(0, 1)), 3) for where in (*edges, *corners)]
    return np.concatenate(means) / 255.0


def _folder() -> Path:
    return home() / "surveys"


def _save(dataset: Dataset, rows: list[Row]) -> Survey:
    columns: dict[str, Any] = {
        name: np.array(values, dtype=kind)
        for (name, kind), values in zip(COLUMNS.items(), zip(*rows, strict=True), strict=True)
    }
    with replacing(_folder() / f"{dataset.fingerprint}.npz", "wb") as file:
        np.savez(file, version=np.array(VERSION), **columns)
    return Survey(dataset.fingerprint, **columns)


def _load(dataset: Dataset) -> Survey | None:
    file = _folder() / f"{dataset.fingerprint}.npz"
    if not file.is_file():
        return None
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as held:
            if int(held["version"]) != VERSION:
                return None
            columns = {name: held[name] for name in COLUMNS}
    except Exception:  # a damaged cache is no error: it is made anew
        return None
    return (
        Survey(dataset.fingerprint, **columns)
        if {len(v) for v in columns.values()} == {len(dataset)}
        else None
    )


def _remembered(memory: Path) -> set[str] | None:
    try:
        document = read_json(memory)
        return set(document["unreadable"]) if document["version"] == VERSION else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
