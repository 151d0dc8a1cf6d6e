"""The labelled image sets that torchvision can fetch and read, `torchvision:cifar10`.

torchvision itself downloads and checks them; what it has read is taken over as files where they are files on disk,
which are then decoded as any other image, and as pixels else. Some of its sets are pickles, which it reads only after
it has found the checksum that it knows for them.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from whence.data.dataset import Dataset
from whence.data.named._shelf import shelf
from whence.data.stores import FileStore, ImageStore, Joined
from whence.errors import InputError
from whence.records import Card

SCHEME = "torchvision"
TRAIN = {"train": {"train": True}, "test": {"train": False}}
HALVES = {"train": {"split": "train"}, "test": {"split": "test"}}
THIRDS = {"train": {"split": "train"}, "val": {"split": "val"}, "test": {"split": "test"}}
WHOLE: dict[str, dict[str, Any]] = {"": {}}
SETS: dict[
    str, tuple[str, dict[str, dict[str, Any]]]
] = {  # name: torchvision's class, arguments of each split
    "caltech101": ("Caltech101", WHOLE),
    "caltech256": ("Caltech256", WHOLE),
    "cifar10": ("CIFAR10", TRAIN),
    "cifar100": ("CIFAR100", TRAIN),
    "country211": ("Country211", {**HALVES, "val": {"split": "valid"}}),
    "dtd": ("DTD", THIRDS),
    "eurosat": ("EuroSAT", WHOLE),
    "fashionmnist": ("FashionMNIST", TRAIN),
    "fgvcaircraft": ("FGVCAircraft", THIRDS),
    "flowers102": ("Flowers102", THIRDS),
    "food101": ("Food101", HALVES),
    "gtsrb": ("GTSRB", HALVES),
    "imagenette": ("Imagenette", {"train": {"split": "train"}, "val": {"split": "val"}}),
    "kmnist": ("KMNIST", TRAIN),
    "mnist": ("MNIST", TRAIN),
    "oxfordiiitpet": ("OxfordIIITPet", {"train": {"split": "trainval"}, "test": {"split": "test"}}),
    "qmnist": ("QMNIST", TRAIN),
    "renderedsst2": ("RenderedSST2", THIRDS),
    "semeion": ("SEMEION", WHOLE),
    "stl10": ("STL10", HALVES),
    "sun397": ("SUN397", WHOLE),
    "svhn": ("SVHN", HALVES),
    "usps": ("USPS", TRAIN),
}
NAMES = tuple(SETS)


def card(name: str) -> Card:
    """What is known of a set without reading it: its page at torchvision tells origin and licence."""
    kind = SETS[name][0]
    page = f"https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.{kind}.html"
    return Card(
        f"{SCHEME}:{name}",
        f"{kind}, as torchvision reads it",
        origin="natural",
        url=page,
        obtain="fetched by torchvision",
        verified="the checksums that torchvision knows",
    )


def open(name: str) -> Dataset:
    """A set with its splits; fetched by torchvision if it is not at hand. Raises `InputError`."""
    parts = {split: _part(name, arguments) for split, arguments in SETS[name][1].items()}
    labels = [_labels(part) for part in parts.values()]
    splits = np.repeat(list(parts), [len(own) for own in labels])
    numbers = np.concatenate(labels)
    return Dataset(
        f"{SCHEME}:{name}",
        _class_names(next(iter(parts.values())), numbers),
        numbers,
        Joined(tuple(_store(name, split, part) for split, part in parts.items())),
        card(name),
        splits=splits if any(parts) else None,
    )


@dataclass(frozen=True, eq=False)
class Samples:
    """The images of a torchvision set, as it gives them."""

    called: str
    samples: Any

    def __len__(self) -> int:
        """How many there are."""
        return len(self.samples)

    def open(self, i: int, draft: int | None = None) -> Image.Image:
        """Image `i`, mode "L" or "RGB"; `draft` has no effect."""
        image: Image.Image = self.samples[i][0]
        return image if image.mode in ("L", "RGB") else image.convert("L" if image.mode == "1" else "RGB")

    def digest(self, i: int) -> str:
        """The sha256 of the image's mode, size and pixels."""
        image = self.open(i)
        return hashlib.sha256(f"{image.mode} {image.size} ".encode() + image.tobytes()).hexdigest()

    def describe(self, i: int) -> str:
        """The set, the split and the image's number."""
        return f"{self.called}, image {i}"


def _part(name: str, arguments: dict[str, Any]) -> Any:
    from torchvision import datasets

    kind = getattr(datasets, SETS[name][0])
    root = shelf(f"torchvision/{name}")
    with contextlib.redirect_stdout(sys.stderr):  # torchvision prints what it does
        try:
            return kind(str(root), **arguments)
        except Exception:  # not there, or only a part of it: each of its classes says so in its own way
            root.mkdir(parents=True, exist_ok=True)
        try:
            return kind(str(root), download=True, **arguments)
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise InputError(
                f"{SCHEME}:{name} is not on this machine and torchvision could not fetch it ({reason}); connect it to "
                f"the network and type the same command again, or put the files that {card(name).url} names into "
                f"{str(root)!r}"
            ) from error


def _store(name: str, split: str, part: Any) -> ImageStore:
    """The part's files where it is a list of files, else its samples."""
    for attribute in ("_image_files", "_samples", "samples", "_images"):
        found = getattr(part, attribute, None)
        if found is not None and len(found):
            paths = [entry[0] if isinstance(entry, tuple) else entry for entry in found]
            if all(isinstance(path, str | Path) for path in paths):
                return FileStore(shelf(f"torchvision/{name}"), tuple(str(path) for path in paths))
    return Samples(f"{SCHEME}:{name} {split}".strip(), part)


def _labels(part: Any) -> np.ndarray:
    for attribute in ("_labels", "targets", "labels", "y"):
        found = getattr(part, attribute, None)
        if found is not None and len(found) == len(part):
            numbers = np.asarray(found)
            if numbers.ndim == 1 and numbers.dtype.kind in "iu":
                return numbers.astype(np.int64)
    samples = getattr(part, "_samples", None)
    if samples and isinstance(samples[0], tuple):
        return np.array([int(sample[1]) for sample in samples])
    return np.array([int(part[i][1]) for i in range(len(part))])


def _class_names(part: Any, labels: np.ndarray) -> tuple[str, ...]:
    names = getattr(part, "classes", None) or getattr(part, "categories", None)
    if names is not None and len(set(map(str, names))) == len(names) > int(labels.max()):
        return tuple(str(name) for name in names)
    return tuple(str(number) for number in range(int(labels.max()) + 1))
