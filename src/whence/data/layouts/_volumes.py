"""Volumes inside an .npz file, read one by one: only the slices that are wanted stay in memory."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from whence.data.slices import Slices


def is_volumes(shape: tuple[int, ...]) -> bool:
    """Whether an array of this shape holds volumes, (n, d, h, w) or (n, d, h, w, channels), and not 2D images."""
    return len(shape) == 5 or (len(shape) == 4 and shape[3] not in (1, 3))


def read_header(opened: IO[bytes], member: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether in Fortran order, and type of array `member`, read from its start. Raises ValueError."""
    version = np.lib.format.read_magic(opened)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"array {member} has format {version}")
    shape, fortran, dtype = readers[version](opened)
    return shape, fortran, dtype


def read_volumes(
    file: Path, member: str, slices: Slices
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], list[str]]:
    """The slices of array `member`: images (m, h, w) or (m, h, w, c), from which volume each is, and its group.

    A group is named by the content of its volume, so that the order in the file does not matter. Raises ValueError,
    OSError or zipfile.BadZipFile for a damaged file.
    """
    images: list[npt.NDArray[np.uint8]] = []
    origin: list[int] = []
    groups: list[str] = []
    with zipfile.ZipFile(file) as archive, archive.open(f"{member}.npy") as opened:
        (count, *shape), fortran, dtype = read_header(opened, member)
        if fortran:
            raise ValueError(f"array {member} is in Fortran order; save it with numpy.ascontiguousarray")
        size = int(np.prod(shape))
        for number in range(count):
            held = opened.read(size)
            if len(held) != size:
                raise ValueError(f"array {member} ends in volume {number} of {count}")
            volume = np.frombuffer(held, dtype=dtype).reshape(shape)
            taken = [volume[list(part)].max(axis=0) for part in slices.of(shape[0])]
            images += taken
            origin += [number] * len(taken)
            groups += [f"volume {hashlib.sha256(held).hexdigest()[:32]}"] * len(taken)
    return np.stack(images), np.array(origin, dtype=np.int64), groups
