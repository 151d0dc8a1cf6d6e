"""STL-10: the 13,000 labelled pictures of its two labelled parts, read from their raw binary files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from whence.data.dataset import Dataset
from whence.data.download import Remote
from whence.data.named._shelf import shelf, unpacked
from whence.data.stores import ArrayStore, Joined
from whence.errors import InputError
from whence.records import Card

SCHEME = "paper"
NAMES = ("stl10",)
SIDE = 96
PARTS = ("train", "test")
FILES = ("class_names.txt", "train_X.bin", "train_y.bin", "test_X.bin", "test_y.bin")
ARCHIVE = Remote(
    "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
    "stl10_binary.tar.gz",
    ("91f7769df0f17e558f3565bffb0c7dfb",),  # as torchvision publishes it
)
CARD = Card(
    "paper:stl10",
    "STL-10: ten kinds of animals and vehicles, a subset of ImageNet",
    "natural",
    "photographs",
    "none stated; the pictures are ImageNet's: non-commercial research and education",
    "Coates, Lee, Ng: An analysis of single-layer networks in unsupervised feature learning. AISTATS 2011",
    "https://cs.stanford.edu/~acoates/stl10/",
    obtain=f"fetched from {ARCHIVE.url} (2.6 GB, most of it unlabelled and not unpacked)",
    verified="MD5 of the archive",
    expected={"images": 13000, "classes": 10},
    printed={"images": 13000, "classes": 10},
)


def card(name: str) -> Card:
    """The card of STL-10."""
    return CARD


def open(name: str) -> Dataset:
    """The labelled train and test parts with their splits; fetched if they are not at hand."""
    folder = unpacked(CARD, ARCHIVE, shelf("stl10"), "stl10_binary", FILES)
    stores, labels, splits = [], [], []
    for part in PARTS:
        numbers = _bytes(folder / f"{part}_y.bin")
        pictures = _pictures(folder / f"{part}_X.bin")
        if len(numbers) != len(pictures) or not len(numbers) or not 1 <= numbers.min() <= numbers.max() <= 10:
            raise InputError(
                f"{str(folder)!r}: {part}_X.bin holds {len(pictures)} pictures, but {part}_y.bin holds {len(numbers)} "
                "labels, which must be 1 to 10; delete the folder and type the same command again"
            )
        stores.append(ArrayStore(pictures, f"{part}_X.bin"))
        labels.append(numbers.astype(np.int64) - 1)
        splits += [part] * len(numbers)
    return Dataset(
        CARD.name,
        _class_names(folder),
        np.concatenate(labels),
        Joined(tuple(stores)),
        CARD,
        splits=np.array(splits),
    )


def _class_names(folder: Path) -> tuple[str, ...]:
    try:
        return tuple((folder / "class_names.txt").read_text(encoding="utf-8").split())
    except OSError as error:
        raise InputError(f"{str(folder / 'class_names.txt')!r} cannot be read: {error.strerror}") from error


def _pictures(file: Path) -> npt.NDArray[np.uint8]:
    """(n, 96, 96, 3), mapped into memory: the file has one colour plane after the other, each column by column."""
    flat = _bytes(file)
    size = 3 * SIDE * SIDE
    if len(flat) % size:
        raise InputError(
            f"{str(file)!r} is cut short: {len(flat):,} bytes are no multiple of {size:,}; fetch it anew"
        )
    return flat.reshape(-1, 3, SIDE, SIDE).transpose(0, 3, 2, 1)


def _bytes(file: Path) -> npt.NDArray[np.uint8]:
    try:
        return np.memmap(file, dtype=np.uint8, mode="r")
    except (OSError, ValueError) as error:  # ValueError: an empty file
        raise InputError(
            f"{str(file)!r} cannot be read ({error}); delete its folder and fetch it anew"
        ) from error
