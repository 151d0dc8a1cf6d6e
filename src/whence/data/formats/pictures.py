"""Ordinary pictures (PNG, JPEG, TIFF and so on): one image a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from whence.data.formats import Images
from whence.data.images import is_image_name
from whence.data.stores import FileStore
from whence.errors import InputError

NAME = "pictures"


def claims(path: Path) -> bool:
    """Whether the name has an image suffix that we decode."""
    return is_image_name(path.name)


def read(root: Path, names: Sequence[str], slices: str | None = None) -> Images:
    """One image for each file; nothing is read yet. Raises `InputError` where slices were asked for."""
    if slices is not None:
        raise InputError(
            f"slices={slices} was asked of {str(root)!r}, which holds 2D pictures; leave it out: it concerns "
            "volumes (NIfTI, DICOM series, 3D arrays)"
        )
    return Images(FileStore(root, tuple(names)), list(range(len(names))))
