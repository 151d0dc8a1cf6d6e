"""DICOM files: every frame an image, a patient's images one group.

Files are known by their suffix (.dcm, .dicom, .ima) or, where they have none, by "DICM" after 128 bytes. Files without
a picture (structured reports, plans, DICOMDIR) are passed over. With `slices`, a series is taken as a volume: its
central image, its maximum projection, or every k-th.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from whence.data.formats import Images
from whence.data.formats._dicom_headers import Header, read_headers
from whence.data.formats._dicom_pixels import read_frame
from whence.data.slices import Slices, parse_slices
from whence.errors import UnreadableImage

NAME = "DICOM files"
SUFFIXES = (".dcm", ".dicom", ".ima")


def claims(path: Path) -> bool:
    """Whether the suffix says DICOM, or there is none (or a number, as at the end of a UID) and the content does."""
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        return True
    return (not suffix or suffix[1:].isdigit()) and path.name != "DICOMDIR" and _has_magic(path)


def read(root: Path, names: Sequence[str], slices: str | None = None) -> Images:
    """Every frame of every file, or what `slices` takes of every series. Reads headers and digests.

    A file that cannot be read keeps one place, whose opening raises `UnreadableImage`. Raises `InputError` for a
    wrong `slices`, and where pydicom is not installed.
    """
    chosen = None if slices is None else parse_slices(slices)
    files = read_headers(root, names)
    images = _images(files, chosen)
    store = DicomStore(root, tuple(files), tuple(images))
    groups = _groups(files)
    return Images(store, [parts[0][0] for parts in images], [groups[parts[0][0]] for parts in images])


Parts = tuple[tuple[int, int], ...]  # (file, frame) of every frame whose maximum an image is


@dataclass(frozen=True, eq=False)
class DicomStore:
    """Frames of DICOM files below `root`: image i is one frame, or the maximum of several."""

    root: Path
    files: tuple[Header, ...]
    images: tuple[Parts, ...]

    def __len__(self) -> int:
        """How many images."""
        return len(self.images)

    def open(self, i: int, draft: int | None = None) -> Image.Image:
        """Image `i`, mode "L" or "RGB"; `draft` has no effect. Raises `UnreadableImage`."""
        shown: Image.Image | None = None
        for file, frame in self.images[i]:
            called = self._called(file, frame)
            if self.files[file].trouble:
                raise UnreadableImage(f"{called} {self.files[file].trouble}")
            seen = read_frame(self.root / self.files[file].name, frame, called)
            if shown is not None and (shown.mode, shown.size) != (seen.mode, seen.size):
                raise UnreadableImage(f"{called} has another size or colours than the others of its series")
            shown = seen if shown is None else ImageChops.lighter(shown, seen)
        assert shown is not None
        return shown

    def digest(self, i: int) -> str:
        """The file's sha256; of one frame of several, half of that and half of the frame's own."""
        parts = self.images[i]
        first = self.files[parts[0][0]]
        if len(parts) == 1 and first.frames <= 1:
            return first.digest
        told = json.dumps([(self.files[file].digest, frame) for file, frame in parts])
        return first.digest[:32] + hashlib.sha256(told.encode()).hexdigest()[:32]

    def describe(self, i: int) -> str:
        """The file's path, which frame of several, and of how many images it is the projection."""
        parts = self.images[i]
        called = self._called(*parts[0])
        return called if len(parts) == 1 else f"the projection of {len(parts)} images from {called}"

    def file_size(self, i: int) -> int:
        """The bytes of the file, shared among its frames."""
        file = self.files[self.images[i][0][0]]
        return file.size // max(1, file.frames)

    def _called(self, file: int, frame: int) -> str:
        path = repr(str(self.root / self.files[file].name))
        return f"{path}, frame {frame}" if self.files[file].frames > 1 else path


def _images(files: Sequence[Header], slices: Slices | None) -> list[Parts]:
    single = [((i, frame),) for i, file in enumerate(files) for frame in range(file.frames)]
    if slices is None:
        return [*single]
    series: dict[Any, list[tuple[int, int]]] = {}
    for ((i, frame),) in single:
        file = files[i]
        # files of one series that differ in size (a localizer) are no volume together
        key = (file.series, file.size_in_pixels) if file.series and not file.trouble else i
        series.setdefault(key, []).append((i, frame))
    found: list[Parts] = []
    for stack in series.values():
        stack.sort(key=lambda part: (*files[part[0]].position, part[1], files[part[0]].digest))
        found += [tuple(stack[number] for number in numbers) for numbers in slices.of(len(stack))]
    return found


def _groups(files: Sequence[Header]) -> list[str]:
    """For every file the name of its group: patient, or study where patients are not told apart; "" if unknown.

    The name is a hash of the id salted with the digests of all files that bear it: from the name nobody gets back to
    the id without having the images, and the same files give the same name everywhere.
    """
    patients = {file.patient for file in files if file.patient}
    told_apart = len(patients) > 1 or len({file.study for file in files if file.study}) < 2
    ids = [file.patient if file.patient and told_apart else file.study for file in files]
    members: dict[str, list[str]] = {}
    for file, known in zip(files, ids, strict=True):
        members.setdefault(known, []).append(file.digest)
    salted = {
        known: hashlib.sha256(json.dumps([known, sorted(digests)]).encode()).hexdigest()[:32]
        for known, digests in members.items()
        if known
    }
    return [f"patient {salted[known]}" if known else "" for known in ids]


def _has_magic(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            file.seek(128)
            return file.read(4) == b"DICM"
    except OSError:
        return False
