"""The Describable Textures Dataset: 47 kinds of texture, in folders, with ten official partitions."""

from __future__ import annotations

from pathlib import Path

from whence.data.dataset import Dataset
from whence.data.download import Remote
from whence.data.named._shelf import Row, files_dataset, missing, pictures, shelf, unpacked
from whence.errors import InputError
from whence.records import Card

SCHEME = "paper"
NAMES = ("dtd",)
OPTIONS = ("partition",)
ARCHIVE = Remote(
    "https://www.robots.ox.ac.uk/~vgg/data/dtd/download/dtd-r1.0.1.tar.gz",
    "dtd-r1.0.1.tar.gz",
    ("fff73e5086ae6bdbea199a49dfb8a4c1",),  # as torchvision publishes it
)
CARD = Card(
    "paper:dtd",
    "Describable Textures Dataset (DTD)",
    "natural",
    "photographs of textures",
    "available for research purposes (as its page says)",
    "Cimpoi, Maji, Kokkinos, Mohamed, Vedaldi: Describing textures in the wild. CVPR 2014",
    "https://www.robots.ox.ac.uk/~vgg/data/dtd/",
    obtain=f"fetched from {ARCHIVE.url}",
    verified="MD5 of the archive",
    expected={"images": 5640, "classes": 47},
    printed={"images": 5640, "classes": 47},
)


def card(name: str) -> Card:
    """The card of DTD."""
    return CARD


def open(name: str, partition: str = "1") -> Dataset:
    """All pictures with the splits of an official partition, 1 (the usual one) to 10; fetched if not at hand."""
    if partition not in map(str, range(1, 11)):
        raise InputError(f"{CARD.name}[partition={partition}]: accepted is 1 to 10")
    root = unpacked(CARD, ARCHIVE, shelf("dtd"), "dtd")
    split = {path: part for part in ("train", "val", "test") for path in _listed(root, part, partition)}
    rows = [Row(f"images/{path}", path.split("/")[0], "", split.get(path, "")) for path in _images(root)]
    return files_dataset(CARD, root, rows)


def _images(root: Path) -> list[str]:
    return [path for path in pictures(root / "images", ".jpg") if path.count("/") == 1]


def _listed(root: Path, part: str, partition: str) -> list[str]:
    file = root / "labels" / f"{part}{partition}.txt"
    try:
        return file.read_text(encoding="utf-8").split()
    except OSError as error:
        raise missing(CARD, root, f"the list labels/{file.name}") from error
