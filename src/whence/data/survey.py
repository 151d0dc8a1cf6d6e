"""Look at every image of a dataset once, in full: sizes, channels, colours, and what is pixel-identical."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from whence.data.dataset import Dataset
from whence.data.images import quiet_pillow
from whence.data.threads import Progress, in_threads
from whence.errors import InputError, UnreadableImage
from whence.paths import home, read_json, replacing, write_json

VERSION = 1  # raise it when decoding changes: every survey is then made anew


@dataclass(frozen=True, eq=False)
class Survey:
    """What a dataset's images are like; one entry per image, in the dataset's order.

    `height`, `width` in pixels and `channels` (1 or 3; a colour file whose channels are equal counts as 1):
    int64 (N,). `pixel_digest`: bytes (N,), equal exactly where the decoded pixels are equal, whatever the
    file format. `mean_colour`: float64 (N, 3), red, green, blue in [0, 1].
    """

    fingerprint: str
    height: npt.NDArray[np.int64]
    width: npt.NDArray[np.int64]
    channels: npt.NDArray[np.int64]
    pixel_digest: npt.NDArray[np.bytes_]
    mean_colour: npt.NDArray[np.float64]

    def __len__(self) -> int:
        """How many images were looked at."""
        return len(self.height)


Row = tuple[int, int, int, bytes, tuple[float, float, float]]


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
    with quiet_pillow():
        return list(in_threads(_looker(dataset), len(dataset), progress))


def _looker(dataset: Dataset) -> Callable[[int], Row | UnreadableImage]:
    def look(i: int) -> Row | UnreadableImage:
        try:
            pixels = np.asarray(dataset.images.open(i))
        except UnreadableImage as error:
            return error
        if pixels.ndim == 3 and (pixels == pixels[..., :1]).all():
            pixels = pixels[..., 0]  # a grey picture in a colour file is the same picture
        height, width = pixels.shape[:2]
        channels = 3 if pixels.ndim == 3 else 1
        digest = hashlib.sha256(f"{height} {width} {channels} ".encode() + pixels.tobytes()).hexdigest()
        red, green, blue = np.broadcast_to(pixels.mean(axis=(0, 1)) / 255.0, 3).tolist()
        return height, width, channels, digest.encode(), (red, green, blue)

    return look


def _folder() -> Path:
    return home() / "surveys"


def _save(dataset: Dataset, rows: list[Row]) -> Survey:
    height, width, channels, digests, colours = zip(*rows, strict=True)
    made = Survey(
        dataset.fingerprint,
        np.array(height, dtype=np.int64),
        np.array(width, dtype=np.int64),
        np.array(channels, dtype=np.int64),
        np.array(digests, dtype="S64"),
        np.array(colours, dtype=np.float64),
    )
    with replacing(_folder() / f"{dataset.fingerprint}.npz", "wb") as file:
        np.savez(
            file,
            version=np.array(VERSION),
            height=made.height,
            width=made.width,
            channels=made.channels,
            pixel_digest=made.pixel_digest,
            mean_colour=made.mean_colour,
        )
    return made


def _load(dataset: Dataset) -> Survey | None:
    file = _folder() / f"{dataset.fingerprint}.npz"
    if not file.is_file():
        return None
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as held:
            if int(held["version"]) != VERSION:
                return None
            found = Survey(
                dataset.fingerprint,
                held["height"],
                held["width"],
                held["channels"],
                held["pixel_digest"],
                held["mean_colour"],
            )
    except Exception:  # a damaged cache is no error: it is made anew
        return None
    lengths = {
        len(v) for v in (found.height, found.width, found.channels, found.pixel_digest, found.mean_colour)
    }
    return found if lengths == {len(dataset)} else None


def _remembered(memory: Path) -> set[str] | None:
    try:
        document = read_json(memory)
        return set(document["unreadable"]) if document["version"] == VERSION else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
