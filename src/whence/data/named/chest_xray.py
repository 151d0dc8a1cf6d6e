"""Kermany's chest X-rays of children: normal or pneumonia, in folders; the file names tell the patients."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from whence.data.dataset import Dataset
from whence.data.layouts._shared import entries
from whence.data.named._shelf import Row, files_dataset, missing, pictures, shelf, unzip_all
from whence.records import Card

SCHEME = "paper"
NAMES = ("chest-xray",)
CLASSES = ("NORMAL", "PNEUMONIA")
SPLITS = ("train", "val", "test")
CARD = Card(
    "paper:chest-xray",
    "Chest X-rays of children: normal or pneumonia",
    "medical",
    "X-ray",
    "CC BY 4.0",
    "Kermany et al.: Identifying medical diagnoses and treatable diseases by image-based deep learning. Cell 172:1122 "
    "(2018)",
    "https://data.mendeley.com/datasets/rscbjbr9sj",
    obtain="Download the chest X-rays from https://data.mendeley.com/datasets/rscbjbr9sj (ChestXRay2017.zip) or, with "
    "an account, from https://www.kaggle.com/datasets/paultimothymooney/chest-xray-pneumonia (a zip may stay zipped)",
    verified="no checksum is published: the two class folders of each split",
    # the paper prints 5,863 images, but its own two class counts add up to 5,856
    expected={"images": 5856, "classes": 2, "NORMAL": 1583, "PNEUMONIA": 4273},
    printed={"images": 5863, "classes": 2, "NORMAL": 1583, "PNEUMONIA": 4273},
)
# "person12_virus_3.jpeg", "NORMAL2-IM-0012-0001.jpeg" and "IM-0115-0001.jpeg" in the Kaggle copy,
# "BACTERIA-7422-0001.jpeg" in the Mendeley original: what stands in front of the picture's own number is the patient.
_PERSON = re.compile(r"(person\d+)_(?:bacteria|virus)_\d+")
_SERIES = re.compile(r"((?:NORMAL2?-)?IM-\d+|(?:NORMAL|BACTERIA|VIRUS)-\d+)-\d+(?:-\d+)?")


def card(name: str) -> Card:
    """The card of the chest X-rays."""
    return CARD


def open(name: str) -> Dataset:
    """All pictures with their splits; patients, as far as the file names tell them, are groups."""
    folder = shelf("chest-xray")
    unzip_all(folder)
    root = _root(folder)
    rows = []
    for split in SPLITS:
        for label in CLASSES:
            inside = f"{split}/{label}"
            found = pictures(root / inside, ".jpeg", ".jpg", ".png")
            rows += [Row(f"{inside}/{path}", label, patient(path), split) for path in found]
    return files_dataset(CARD, root, rows)


def patient(path: str) -> str:
    """The patient whom a file name tells, or "": one name in two splits is taken for one patient."""
    stem = PurePosixPath(path).stem
    found = _PERSON.fullmatch(stem) or _SERIES.fullmatch(stem)
    return found[1] if found else ""


def _root(folder: Path) -> Path:
    """The folder that holds train and test; the archives have it one or two levels down."""
    level = [folder] if folder.is_dir() else []
    for _ in range(3):
        for place in level:
            if all((place / split / label).is_dir() for split in ("train", "test") for label in CLASSES):
                return place
        level = [entry for place in level for entry in entries(place) if entry.is_dir()]
    raise missing(CARD, folder, "a folder with train/NORMAL, train/PNEUMONIA, test/NORMAL and test/PNEUMONIA")
