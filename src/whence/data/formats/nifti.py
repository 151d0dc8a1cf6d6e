"""NIfTI volumes (.nii, .nii.gz) as 2D images: slices across the coarsest axis, upright as a viewer shows them.

- All slices of a volume are one group.
- A volume is cut across the axis along which its voxels lie furthest apart, as it was acquired; axially where they
  are equally far. Slices stand as in a viewer with radiological convention: front or head up, patient's right on the
  left. Of several volumes in time the first is taken.
- Grey values are stretched over the whole volume, from its 0.5th to its 99.5th percentile: NIfTI says nothing of how
  to show them.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from whence.data.formats import Images
from whence.data.slices import Slices, parse_slices
from whence.data.threads import in_threads
from whence.errors import InputError, UnreadableImage

NAME = "NIfTI volumes"
VOXEL_LIMIT = 1_000_000_000
KEPT = 3  # volumes whose slices wait in memory: the store's order keeps slices of one volume together
_SAMPLED = 1_000_000  # voxels that are looked at for the percentiles


def claims(path: Path) -> bool:
    """Whether the name ends in .nii or .nii.gz."""
    return path.name.lower().endswith((".nii", ".nii.gz"))


def read(root: Path, names: Sequence[str], slices: str | None = None) -> Images:
    """Slices of every volume (by default its central one), all slices of one in a group. Reads headers and digests.

    A file that is no readable volume keeps one place, whose opening raises `UnreadableImage`. Raises `InputError`
    for a wrong `slices`, and where nibabel is not installed.
    """
    _library()
    chosen = parse_slices(slices) if slices is not None else Slices()
    files = list(in_threads(lambda i: _look(root / names[i]), len(names)))
    images = [(i, part) for i, file in enumerate(files) for part in chosen.of(max(1, file.depth))]
    return Images(
        NiftiStore(root, tuple(names), tuple(files), tuple(images)),
        [i for i, _ in images],
        [f"volume {files[i].digest[:32]}" for i, _ in images],
    )


@dataclass(frozen=True)
class Volume:
    """What a file's header says. `depth` counts slices along `axis` of (right–left, back–front, foot–head)."""

    digest: str  # sha256 of the file
    depth: int = 0
    axis: int = 2
    trouble: str = ""  # why it cannot be read


@dataclass(frozen=True, eq=False)
class NiftiStore:
    """Slices of volumes below `root`: image i is the maximum of some slices of one file."""

    root: Path
    names: tuple[str, ...]
    files: tuple[Volume, ...]
    images: tuple[tuple[int, tuple[int, ...]], ...]  # (file, slices)
    _recent: OrderedDict[int, dict[tuple[int, ...], npt.NDArray[np.uint8]]] = field(
        default_factory=OrderedDict
    )
    _lock: Any = field(default_factory=Lock)

    def __len__(self) -> int:
        """How many images."""
        return len(self.images)

    def open(self, i: int, draft: int | None = None) -> Image.Image:
        """Image `i`, mode "L"; `draft` has no effect. Raises `UnreadableImage`."""
        file, part = self.images[i]
        with self._lock:  # one volume in memory at a time, and each read once for all its slices
            if file not in self._recent:
                self._recent[file] = self._cut(file)
                while len(self._recent) > KEPT:
                    self._recent.popitem(last=False)
            self._recent.move_to_end(file)
            return Image.fromarray(self._recent[file][part])

    def digest(self, i: int) -> str:
        """The file's sha256 in its first half, the slices' in the second: neighbours stay together when sorted."""
        file, part = self.images[i]
        own = hashlib.sha256(f"{self.files[file].digest} {part}".encode()).hexdigest()
        return self.files[file].digest[:32] + own[:32]

    def describe(self, i: int) -> str:
        """The file's path, and which slice."""
        file, part = self.images[i]
        which = f"slice {part[0]}" if len(part) == 1 else f"projection of {len(part)} slices"
        return f"{str(self.root / self.names[file])!r}, {which}"

    def _cut(self, file: int) -> dict[tuple[int, ...], npt.NDArray[np.uint8]]:
        path, seen = self.root / self.names[file], self.files[file]
        called = repr(str(path))
        if seen.trouble:
            raise UnreadableImage(f"{called} {seen.trouble}")
        try:
            planes = _planes(path, seen.axis)
        except MemoryError:
            raise
        except Exception as error:  # nibabel and the decompressors raise nearly any type on broken bytes
            raise UnreadableImage(f"{called} cannot be read as a NIfTI volume: {_reason(error)}") from error
        if len(planes) != seen.depth:
            raise UnreadableImage(f"{called} has changed while it was read")
        low, high = levels(planes)
        return {part: stretched(planes[list(part)].max(axis=0), low, high) for part in self._parts[file]}

    @cached_property
    def _parts(self) -> dict[int, list[tuple[int, ...]]]:
        found: dict[int, list[tuple[int, ...]]] = {}
        for file, part in self.images:
            found.setdefault(file, []).append(part)
        return found


def levels(planes: npt.NDArray[Any]) -> tuple[float, float]:
    """The 0.5th and 99.5th percentile of a volume, or its minimum and maximum where those are equal."""
    flat = planes.reshape(-1)
    sample = np.nan_to_num(flat[:: max(1, flat.size // _SAMPLED)].astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = np.percentile(sample, [0.5, 99.5])
    if low == high:
        whole = np.nan_to_num(flat.astype(np.float64), posinf=0.0, neginf=0.0)
        low, high = whole.min(), whole.max()
    return float(low), float(high)


def stretched(plane: npt.NDArray[Any], low: float, high: float) -> npt.NDArray[np.uint8]:
    """Grey values as uint8: `low` and less is black, `high` and more is white; all black where both are equal."""
    if low == high:
        return np.zeros(plane.shape, dtype=np.uint8)
    values = np.nan_to_num(plane.astype(np.float64), nan=low, posinf=high, neginf=low)
    return np.asarray(np.rint(np.clip((values - low) / (high - low), 0, 1) * 255), dtype=np.uint8)


def upright(volume: npt.NDArray[Any], axis: int) -> npt.NDArray[Any]:
    """Slices (depth, rows, columns) of a volume (x, y, z) whose axes run to the right, the front and the head."""
    seen = volume[::-1, ::-1, :]  # columns now run to the patient's left, rows to the back
    if axis == 2:
        return seen.transpose(2, 1, 0)
    return seen[:, :, ::-1].transpose(1, 2, 0) if axis == 1 else seen[:, :, ::-1].transpose(0, 2, 1)


def slicing_axis(shape: Sequence[int], spacing: Sequence[float]) -> int:
    """The axis to cut across: one that is a single voxel long, else the one with the widest spacing, else the last."""
    for axis in (2, 1, 0):
        if shape[axis] == 1:
            return axis
    widest = max(spacing)
    return next((axis for axis in (2, 1, 0) if spacing[axis] >= 0.99 * widest), 2)


def _look(path: Path) -> Volume:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"{str(path)!r} cannot be read: {error.strerror}; mend its permissions or remove it"
        ) from error
    try:
        image = _library().load(path)
        turn = _turn(image)
        shape, spacing = [1, 1, 1], [0.0, 0.0, 0.0]
        steps = [abs(float(step)) for step in image.header.get_zooms()]
        for i, (axis, _) in enumerate(turn):
            shape[int(axis)], spacing[int(axis)] = (*image.shape, 1, 1, 1)[i], (*steps, 0.0, 0.0, 0.0)[i]
        axis = slicing_axis(shape, spacing)
    except Exception as error:  # nibabel raises nearly any type on broken bytes
        return Volume(digest, trouble=f"cannot be read as a NIfTI volume: {_reason(error)}")
    if not 0 < float(np.prod(image.shape, dtype=np.float64)) <= VOXEL_LIMIT:
        size = " × ".join(f"{side:,}" for side in image.shape)
        return Volume(digest, trouble=f"has {size} voxels; accepted are 1 to {VOXEL_LIMIT:,} in all")
    if image.get_data_dtype().kind not in "iuf":
        return Volume(digest, trouble=f"holds {image.get_data_dtype()}; accepted are grey values")
    return Volume(digest, shape[axis], axis)


def _planes(path: Path, axis: int) -> npt.NDArray[Any]:
    nibabel = _library()
    image = nibabel.load(path)
    # Scaling is the same for all voxels and the percentiles undo it: only its sign matters.
    raw = np.asanyarray(image.dataobj.get_unscaled())
    raw = raw.reshape((*raw.shape, 1, 1, 1)[: max(3, raw.ndim)])
    while raw.ndim > 3:
        raw = raw[..., 0]
    if image.dataobj.slope < 0:
        raw = -raw.astype(np.float64)
    return upright(nibabel.apply_orientation(raw, _turn(image)), axis)


def _turn(image: Any) -> npt.NDArray[Any]:
    """Where a volume's three axes run, in nibabel's terms; as they stand where its header does not tell."""
    nibabel = _library()
    try:
        turn = nibabel.io_orientation(image.affine)
    except Exception:  # no finite affine
        turn = np.full((3, 2), np.nan)
    return turn if np.isfinite(turn).all() else np.array([[0, 1], [1, 1], [2, 1]])


def _library() -> Any:
    try:
        import nibabel
    except ImportError as error:
        raise InputError(
            "NIfTI volumes are read with nibabel, which is not installed; pip install 'whence[nifti]'"
        ) from error
    nibabel.imageglobals.logger.disabled = True  # it writes notes about odd headers to stderr
    return nibabel


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
