"""A dataset's pixels at one size: decoded once, kept in a cache, mapped into memory."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from whence.data.dataset import Dataset
from whence.data.images import quiet_decoders
from whence.data.threads import Progress, in_threads
from whence.errors import InputError, UnreadableImage, unknown_name
from whence.paths import home, replacing

VERSION = 2  # raise it when decoding or resizing changes: every cache is then made anew
FITS = ("squash", "crop")
LARGEST = 4096


def load_pixels(
    dataset: Dataset, size: int, fit: str = "squash", progress: Progress | None = None
) -> npt.NDArray[np.uint8]:
    """All images as uint8 (N, size, size, 3), RGB in 0–255, in the dataset's order; read-only, memory-mapped.

    `fit="squash"` changes the aspect to a square; `"crop"` scales the shorter side to `size` and keeps the
    centre. Both are bicubic with antialiasing; JPEGs are first decoded at a fraction of their size, never
    below twice the one asked. Grey is repeated to three channels. Raises `InputError` for a wrong size or fit
    and `UnreadableImage` for an image that cannot be decoded; nothing is kept then.
    """
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= LARGEST:
        raise InputError(f"size is {size!r}; accepted is a whole number of pixels from 1 to {LARGEST}")
    if fit not in FITS:
        raise unknown_name("fit", fit, FITS)
    key = hashlib.sha256(f"{dataset.fingerprint} {size} {fit} {VERSION}".encode()).hexdigest()
    file = home() / "pixels" / f"{key}.npy"
    shape = (len(dataset), size, size, 3)
    cached = _map(file, shape)
    if cached is not None:
        return cached
    _build(file, shape, dataset, fit, progress)
    built = _map(file, shape)
    if built is None:
        raise OSError(f"the pixel cache {str(file)!r} was damaged while it was written")
    return built


def square(image: Image.Image, size: int, fit: str) -> npt.NDArray[np.uint8]:
    """One image, mode "L" or "RGB", as uint8 (size, size, 3); see `load_pixels` for `fit`."""
    if fit == "crop":
        image = ImageOps.fit(image, (size, size), method=Image.Resampling.BICUBIC)
    else:
        image = image.resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(image.convert("RGB"))


def _build(file: Path, shape: tuple[int, ...], dataset: Dataset, fit: str, progress: Progress | None) -> None:
    def row(i: int) -> bytes:
        return square(dataset.images.open(i, draft=2 * shape[1]), shape[1], fit).tobytes()

    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    # Written row by row, not through a memory map: a full disk is then an error, not a killed process.
    # Two processes may build at once: each writes a file of its own, and the last rename wins.
    try:
        with quiet_decoders(), replacing(file, "wb") as opened:
            np.lib.format.write_array_header_1_0(opened, header)
            for pixels in in_threads(row, len(dataset), progress):
                opened.write(pixels)
    except UnreadableImage as error:
        raise UnreadableImage(
            f"{error}; mend or remove the file, or leave such images out with --skip-unreadable "
            "(skip_unreadable=True)"
        ) from error


def _map(file: Path, shape: tuple[int, ...]) -> npt.NDArray[np.uint8] | None:
    """The cached array, or None where the file is missing, cut short, or of another shape."""
    try:
        mapped: np.memmap[Any, np.dtype[np.uint8]] = np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    if not isinstance(mapped, np.memmap) or mapped.dtype != np.uint8 or mapped.shape != shape:
        return None
    return mapped if file.stat().st_size == mapped.offset + mapped.nbytes else None
