"""The files of PatchCamelyon: where they come from, what tells that they are right, and which belong together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from whence.data.archives import gunzip
from whence.data.download import Remote
from whence.data.named._shelf import fetched, shelf
from whence.records import Card

SPLITS = ("train", "valid", "test")
HOST = "https://zenodo.org/records/2546921/files"
# Published at github.com/basveeling/pcam and by torchvision, which swap valid and test: (pictures, labels, slides).
TRAIN = (
    "1571f514728f59376b705fc836ff4b63",
    "35c2d7259d906cfc8143347bb8e05be7",
    "5a3dd671e465cfd74b5b822125e65b0a",
)
OTHERS = (
    (
        "d8c2d60d490dbd479f8199bdfa0cf6ec",
        "60a7035772fbdb7f34eb86d4420cf66a",
        "3455fd69135b66734e1008f3af684566",
    ),
    (
        "d5b63470df7cfa627aeec8b9dc0c066e",
        "2b85f58b927af9964a4c15b8f7e8f179",
        "67589e00a4a37ec317f2d1932c7502ca",
    ),
)


@dataclass(frozen=True)
class Files:
    """The HDF5 files of PCam: pictures and labels of each split, and the slides where they are known."""

    pictures: tuple[Path, ...]
    labels: tuple[Path, ...]
    slides: tuple[Path, ...] | None

    @property
    def key(self) -> str:
        """A name for what was drawn from these files: it changes when one of them is replaced."""
        facts = [(f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in (*self.pictures, *self.labels)]
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def files(card: Card) -> Files:
    """The files of PCam, fetched and uncompressed where they are not at hand. Raises `InputError`, `WorkFailed`."""
    folder = shelf("pcam")
    by_hand = all(_named(folder, split, kind).exists() for split in SPLITS for kind in ("x", "y"))
    found = [[_uncompressed(card, folder, split, kind) for split in SPLITS] for kind in ("x", "y")]
    slides = [folder / f"{_stem(split, 'meta')}.csv" for split in SPLITS]
    if not by_hand or any(slide.exists() for slide in slides):
        slides = [_fetched(card, folder, split, "meta") for split in SPLITS]
    known = tuple(slides) if all(slide.exists() for slide in slides) else None
    return Files(tuple(found[0]), tuple(found[1]), known)


def _stem(split: str, kind: str) -> str:
    return f"camelyonpatch_level_2_split_{split}_{kind}"


def _named(folder: Path, split: str, kind: str) -> Path:
    return folder / f"{_stem(split, kind)}.h5"


def _uncompressed(card: Card, folder: Path, split: str, kind: str) -> Path:
    target = _named(folder, split, kind)
    if not target.exists():
        archive = folder / f"{target.name}.gz"
        ours = not archive.exists()
        gunzip(_fetched(card, folder, split, kind), target)
        if ours:
            archive.unlink()
    return target


def _fetched(card: Card, folder: Path, split: str, kind: str) -> Path:
    name = f"{_stem(split, kind)}.{'csv' if kind == 'meta' else 'h5.gz'}"
    choices = (TRAIN,) if split == "train" else OTHERS
    place = ("x", "y", "meta").index(kind)
    md5 = tuple(checksums[place] for checksums in choices)
    return fetched(card, Remote(f"{HOST}/{name}?download=1", name, md5), folder)
