"""KimiaPath960: histopathology patches of 20 slides, whose file names tell the slide, which is the class."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from whence.data.dataset import Dataset
from whence.data.named._shelf import Row, files_dataset, missing, pictures, shelf, unzip_all
from whence.records import Card

SCHEME = "paper"
NAMES = ("kimia960",)
COUNTS = {"images": 960, "classes": 20}
CARD = Card(
    "paper:kimia960",
    "KimiaPath960: twenty kinds of tissue texture, each from one slide",
    "medical",
    "histopathology",
    "none stated; for research",
    "Kumar, Babaie, Zhu, Kalra, Tizhoosh: A comparative study of CNN, BoVW and LBP for classification of "
    "histopathological images. IEEE SSCI 2017",
    "https://www.kaggle.com/ambarish/kimia-path-960",
    # Each class is cut from one slide, so slides cannot be groups here: no class could be on both sides of a fold.
    preprocessing="each class comes from a single slide: what is learned may be the slide",
    obtain="Download KIMIA Path960 from https://www.kaggle.com/ambarish/kimia-path-960 (an account is needed; the zip "
    "may stay zipped)",
    verified="no checksum is published: file names of a letter A to T and a number",
    expected=COUNTS,
    printed=COUNTS,
)
_NAME = re.compile(r"([A-T])\d{1,2}")


def card(name: str) -> Card:
    """The card of KimiaPath960."""
    return CARD


def open(name: str) -> Dataset:
    """All pictures called like A5.tif; the letter is the class."""
    root = shelf("kimia960")
    unzip_all(root)
    found = [(path, _NAME.fullmatch(PurePosixPath(path).stem)) for path in pictures(root, ".tif", ".tiff")]
    rows = [Row(path, match[1]) for path, match in found if match]
    if not rows:
        raise missing(CARD, root, "any picture called like A5.tif")
    return files_dataset(CARD, root, rows)
