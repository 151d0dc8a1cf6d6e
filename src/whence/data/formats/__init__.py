"""The kinds of files that hold images, and how files of one kind become 2D images: one module each.

A format module has `NAME`, `claims(path) -> bool` and `read(root, names, slices) -> Images`. Where the files lie and
which labels they have is the business of `whence.data.layouts`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from whence.data.stores import ImageStore, Joined


@dataclass(frozen=True)
class Images:
    """What some files became.

    `origin[i]` is the position, among the names given, of the file from which image i comes; files that hold no
    picture have no image. `groups[i]` says which images belong together (a patient, a volume), "" where that is not
    known; None where files of this kind never say.
    """

    store: ImageStore
    origin: list[int]
    groups: list[str] | None = None


class Format(Protocol):
    """What a format module offers."""

    NAME: str  # as in "DICOM files", for messages

    def claims(self, path: Path) -> bool:
        """Whether a file is of this kind, by its name and, where that says nothing, by its first bytes."""

    def read(self, root: Path, names: Sequence[str], slices: str | None = None) -> Images:
        """The images in files below `root`. `slices` is the text of the option. Raises `InputError`."""


@cache
def known_formats() -> tuple[Format, ...]:
    """All formats, in the order in which a file is offered to them."""
    return tuple(cast(Format, import_module(f"{__name__}.{name}")) for name in ("pictures", "nifti", "dicom"))


def format_of(path: Path) -> Format | None:
    """The format of a file, or None where it holds no image that we know."""
    return next((kind for kind in known_formats() if kind.claims(path)), None)


def main_format(kinds: Iterable[Format | None]) -> Format | None:
    """The most frequent format of a tree's files, pictures where two are equally frequent; None without images.

    A tree is of one kind: beside scans lie previews, beside pictures now and then an original.
    """
    counts = Counter(kind.NAME for kind in kinds if kind is not None)
    return max(known_formats(), key=lambda kind: counts[kind.NAME]) if counts else None


def read_images(root: Path, names: Sequence[str], slices: str | None = None) -> Images:
    """The images in files of any kinds below `root`. Raises `InputError`."""
    kinds = [format_of(root / name) for name in names]
    parts: list[Images] = []
    for kind in known_formats():
        positions = [i for i, found in enumerate(kinds) if found is not None and found.NAME == kind.NAME]
        if positions:
            part = kind.read(root, [names[i] for i in positions], slices)
            parts.append(Images(part.store, [positions[i] for i in part.origin], part.groups))
    if len(parts) == 1:
        return parts[0]
    grouped = any(part.groups is not None for part in parts)
    return Images(
        Joined(tuple(part.store for part in parts)),
        [position for part in parts for position in part.origin],
        [group for part in parts for group in part.groups or [""] * len(part.origin)] if grouped else None,
    )
