"""Where a dataset's images come from: files in a folder, rows of an array, or a choice from another store."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from whence.data.images import decode
from whence.errors import InputError


class ImageStore(Protocol):
    """A numbered row of images, decoded when asked."""

    def __len__(self) -> int:
        """How many images there are."""

    def open(self, i: int, draft: int | None = None) -> Image.Image:
        """Image `i`, mode "L" or "RGB", uint8. `draft`: a JPEG may come smaller, its shorter side ≥ draft.

        Raises `UnreadableImage`.
        """

    def digest(self, i: int) -> str:
        """The sha256 (hex) of what is stored: the file's bytes, or the array row's bytes and shape."""

    def describe(self, i: int) -> str:
        """What to call image `i` in a message to its owner."""


@dataclass(frozen=True)
class FileStore:
    """Image files below `root`. `names` are relative to it, with forward slashes."""

    root: Path
    names: tuple[str, ...]

    def __len__(self) -> int:
        """How many files."""
        return len(self.names)

    def open(self, i: int, draft: int | None = None) -> Image.Image:
        """Decode file `i`; see `ImageStore.open`."""
        return decode(self.root / self.names[i], self.describe(i), draft)

    def digest(self, i: int) -> str:
        """The sha256 of file `i`'s bytes. Raises `InputError` where the file cannot be read."""
        try:
            with (self.root / self.names[i]).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise InputError(
                f"{self.describe(i)} cannot be read: {error.strerror}; mend its permissions or remove it"
            ) from error

    def file_size(self, i: int) -> int:
        """The bytes of file `i`, 0 where it has gone."""
        try:
            return (self.root / self.names[i]).stat().st_size
        except OSError:
            return 0

    def describe(self, i: int) -> str:
        """The file's path, quoted so that any name stays on one line."""
        return repr(str(self.root / self.names[i]))


@dataclass(frozen=True, eq=False)
class ArrayStore:
    """Images in memory: uint8 of shape (n, h, w) or (n, h, w, 3). `called` names the array in messages."""

    array: npt.NDArray[np.uint8]
    called: str = "array"

    def __post_init__(self) -> None:
        shape = self.array.shape
        if self.array.dtype != np.uint8 or not (len(shape) == 3 or (len(shape) == 4 and shape[3] == 3)):
            raise ValueError(
                f"images must be uint8 of shape (n, h, w) or (n, h, w, 3), not {self.array.dtype} {shape}"
            )

    def __len__(self) -> int:
        """How many rows."""
        return len(self.array)

    def open(self, i: int, draft: int | None = None) -> Image.Image:
        """Row `i` as an image; `draft` has no effect on arrays."""
        return Image.fromarray(np.ascontiguousarray(self.array[i]))

    def digest(self, i: int) -> str:
        """The sha256 of row `i`'s shape and bytes."""
        row = np.ascontiguousarray(self.array[i])
        return hashlib.sha256(repr(row.shape).encode() + row.tobytes()).hexdigest()

    def describe(self, i: int) -> str:
        """The array's name and the row's number."""
        return f"{self.called}, row {i}"


@dataclass(frozen=True)
class Joined:
    """Several stores one after another."""

    stores: tuple[ImageStore, ...]

    def __len__(self) -> int:
        """How many images in all."""
        return sum(len(store) for store in self.stores)

    def open(self, i: int, draft: int | None = None) -> Image.Image:
        """Image `i` of all; see `ImageStore.open`."""
        store, row = self.find(i)
        return store.open(row, draft)

    def digest(self, i: int) -> str:
        """As that of the store which holds it."""
        store, row = self.find(i)
        return store.digest(row)

    def describe(self, i: int) -> str:
        """As that of the store which holds it."""
        store, row = self.find(i)
        return store.describe(row)

    def find(self, i: int) -> tuple[ImageStore, int]:
        """The store that holds image `i`, and its number there."""
        for store in self.stores:
            if i < len(store):
                return store, i
            i -= len(store)
        raise IndexError(i)


@dataclass(frozen=True)
class Selection:
    """Some images of another store, in another order."""

    store: ImageStore
    rows: tuple[int, ...]

    def __len__(self) -> int:
        """How many were chosen."""
        return len(self.rows)

    def open(self, i: int, draft: int | None = None) -> Image.Image:
        """Image `i` of those chosen; see `ImageStore.open`."""
        return self.store.open(self.rows[i], draft)

    def digest(self, i: int) -> str:
        """As that of the store which holds it."""
        return self.store.digest(self.rows[i])

    def describe(self, i: int) -> str:
        """As that of the store which holds it."""
        return self.store.describe(self.rows[i])


def select(store: ImageStore, rows: Sequence[int]) -> ImageStore:
    """Choose and order images; a choice from a choice stays one step deep."""
    if isinstance(store, Selection):
        return Selection(store.store, tuple(store.rows[i] for i in rows))
    return Selection(store, tuple(int(i) for i in rows))


def file_size(store: ImageStore, i: int) -> int:
    """The bytes of the file in which image `i` lies; 0 where it has none of its own (an array, a changed copy)."""
    if isinstance(store, Selection):
        return file_size(store.store, store.rows[i])
    if isinstance(store, Joined):
        return file_size(*store.find(i))
    own = getattr(store, "file_size", None)
    return int(own(i)) if own is not None else 0
