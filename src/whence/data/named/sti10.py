"""STI-10, the paper's own set: ten classes of ImageNet that show a textural pattern, at 112 × 112.

The WordNet ids are those of the paper's code. Only three of them (stone wall, honeycomb, chain) are among the thousand
classes of ILSVRC; the other seven need ImageNet's larger tree (21k). The paper drew some of each class's pictures from
the web, by URLs that no longer exist, so that no two sets of this name hold the same pictures.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from whence.data.dataset import Dataset
from whence.data.derived.looks import resized
from whence.data.named._shelf import Row, files_dataset, missing, pictures, shelf
from whence.data.named.imagenet import tree
from whence.records import Card

log = logging.getLogger(__name__)

SCHEME = "paper"
NAMES = ("sti10",)
SIDE = 112
WORDNET = {
    "brick": "n02897820",
    "chain": "n02999410",
    "cloud": "n09247410",
    "egg": "n07840804",
    "fabric": "n03309808",
    "flower": "n11669921",
    "honeycomb": "n03530642",
    "ocean": "n09376198",
    "rock": "n09416076",
    "stone wall": "n04326547",
}
CARD = Card(
    "paper:sti10",
    "Subset Textures ImageNet (STI-10): ten textural classes of ImageNet",
    "natural",
    "photographs of textures",
    "ImageNet's terms of access: non-commercial research and education",
    "van den Brandt, Fok, Mulders, Vanschoren, Cheplygina: Cats, not CAT scans, arXiv:2107.05940 (2021); Deng et al.: "
    "ImageNet. CVPR 2009",
    "https://www.image-net.org/",
    preprocessing=f"every picture resized to {SIDE} × {SIDE}",
    obtain="Download ImageNet (21k for all ten classes, ILSVRC for three) from https://www.image-net.org/download.php "
    "(an account is needed): folders called "
    + ", ".join(f"{wnid} ({name})" for name, wnid in WORDNET.items())
    + ", or the ILSVRC tree in the folder of paper:imagenet",
    verified="no checksum is published: a folder per WordNet id; missing classes are reported",
    expected={"classes": 10},
    printed={"images": 8060, "classes": 10},
)


def card(name: str) -> Card:
    """The card of STI-10."""
    return CARD


def open(name: str) -> Dataset:
    """All pictures of those of the ten classes that are at hand; what is missing stands in the log and on the card."""
    own, ilsvrc = shelf("sti10"), tree(shelf("imagenet"))
    places = [own] + ([ilsvrc / "train"] if ilsvrc else [])
    rows: list[Row] = []
    absent = []
    for label, wnid in WORDNET.items():
        folder = next(
            (place / wnid for place in places if pictures(place / wnid, ".jpeg", ".jpg", ".png")), None
        )
        if folder is None:
            absent.append(f"{label} ({wnid})")
            continue
        rows += [Row(str(folder / path), label) for path in pictures(folder, ".jpeg", ".jpg", ".png")]
    if len({row.label for row in rows}) < 2:
        raise missing(CARD, own, f"a folder of pictures for {', '.join(absent)}")
    found = CARD
    if absent:
        log.warning("%s: %d of ten classes are missing: %s", CARD.name, len(absent), ", ".join(absent))
        found = replace(CARD, preprocessing=f"{CARD.preprocessing}; missing classes: {', '.join(absent)}")
    return resized(files_dataset(found, own, rows), SIDE, SIDE)
