"""ImageNet (ILSVRC 2012) as a tree of pictures; as weights it is the source `imagenet`.

The tree is Kaggle's (`ILSVRC/Data/CLS-LOC/train`, `…/val`, `LOC_val_solution.csv`) or the plain one (`train/WNID`,
`val/WNID`). The test pictures have no labels and are left out; so are flat validation pictures without the solution.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from whence.data.dataset import Dataset
from whence.data.layouts._csv import read_table
from whence.data.named._shelf import Row, files_dataset, missing, pictures, shelf
from whence.errors import InputError
from whence.records import Card

SCHEME = "paper"
NAMES = ("imagenet",)
SOLUTION = "LOC_val_solution.csv"
CARD = Card(
    "paper:imagenet",
    "ImageNet (ILSVRC 2012)",
    "natural",
    "photographs",
    "ImageNet's terms of access: non-commercial research and education",
    "Deng, Dong, Socher, Li, Li, Fei-Fei: ImageNet: a large-scale hierarchical image database. CVPR 2009",
    "https://www.image-net.org/",
    obtain="Download ILSVRC 2012 from https://www.image-net.org/download.php or "
    "https://www.kaggle.com/c/imagenet-object-localization-challenge (an account is needed) and unpack it, or make the "
    "folder a link to a tree that you have",
    verified="no checksum of an unpacked tree is published: a folder per WordNet id",
    # the paper counts the 100,000 test pictures, which have no labels
    expected={"images": 1331167, "classes": 1000},
    printed={"images": 1431167, "classes": 1000},
)
_WNID = re.compile(r"n\d{8}")


def card(name: str) -> Card:
    """The card of ImageNet."""
    return CARD


def open(name: str) -> Dataset:
    """The labelled train and validation pictures with their splits; classes are WordNet ids."""
    folder = shelf("imagenet")
    root = tree(folder)
    if root is None:
        raise missing(CARD, folder, "a folder train of folders called by WordNet ids")
    rows = [Row(f"train/{path}", path.split("/")[0], "", "train") for path in labelled(root / "train")]
    rows += [Row(f"val/{path}", label, "", "val") for path, label in _validation(folder, root)]
    return files_dataset(CARD, root, rows)


def tree(folder: Path) -> Path | None:
    """The folder that holds `train`, or None."""
    for root in (folder, folder / "ILSVRC" / "Data" / "CLS-LOC", folder / "Data" / "CLS-LOC"):
        if any(_WNID.fullmatch(entry.name) for entry in _listed(root / "train")):
            return root
    return None


def labelled(branch: Path) -> list[str]:
    """Paths of the pictures that lie in folders called by WordNet ids."""
    return [path for path in pictures(branch, ".jpeg", ".jpg", ".png") if _WNID.fullmatch(path.split("/")[0])]


def _validation(folder: Path, root: Path) -> list[tuple[str, str]]:
    inside = labelled(root / "val")
    if inside:
        return [(path, path.split("/")[0]) for path in inside]
    solutions = [place / SOLUTION for place in (folder, root) if (place / SOLUTION).is_file()]
    if not solutions:
        return []
    table = read_table(solutions[0])
    if not {"ImageId", "PredictionString"} <= set(table.header):
        raise InputError(f"{str(table.file)!r} has no columns ImageId and PredictionString; download it anew")
    # "n03995372 85 1 499 272": the class and the box, several times where there are several boxes of the one class
    truth = {cells["ImageId"]: cells["PredictionString"].split(" ")[0] for _, cells in table.rows}
    found = pictures(root / "val", ".jpeg", ".jpg", ".png")
    known = [(path, truth.get(PurePosixPath(path).stem, "")) for path in found]
    return [(path, label) for path, label in known if _WNID.fullmatch(label)]


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
