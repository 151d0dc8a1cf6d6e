"""ISIC 2018 task 3, training set: dermatoscopic pictures, a one-hot table, and which lesion each picture shows."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from whence.data.dataset import Dataset
from whence.data.layouts._csv import Table, read_table
from whence.data.named._shelf import Row, files_dataset, missing, pictures, shelf, unzip_all
from whence.errors import InputError
from whence.records import Card

SCHEME = "paper"
NAMES = ("isic2018",)
CLASSES = ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")
TRUTH = "ISIC2018_Task3_Training_GroundTruth.csv"
LESIONS = {  # whoever tells the lesions: column of pictures
    "ISIC2018_Task3_Training_LesionGroupings.csv": "image",
    "HAM10000_metadata.csv": "image_id",
    "HAM10000_metadata": "image_id",
}
COUNTS = {"images": 10015, "classes": 7}
CARD = Card(
    "paper:isic2018",
    "ISIC 2018, task 3, training set (HAM10000): seven kinds of skin lesion",
    "medical",
    "dermatoscopy",
    "CC BY-NC 4.0",
    "Codella et al.: Skin lesion analysis toward melanoma detection 2018, arXiv:1902.03368; Tschandl, Rosendahl, "
    "Kittler: The HAM10000 dataset. Scientific Data 5:180161 (2018)",
    "https://challenge.isic-archive.com/data/#2018",
    obtain="Download ISIC2018_Task3_Training_Input.zip, ISIC2018_Task3_Training_GroundTruth.zip and, for the lesions, "
    "ISIC2018_Task3_Training_LesionGroupings.csv from https://challenge.isic-archive.com/data/#2018 (you accept its "
    "licence there; the zips may stay zipped)",
    verified="no checksum is published: every row of the table has its picture and one class",
    expected=COUNTS
    | {"MEL": 1113, "NV": 6705, "BCC": 514, "AKIEC": 327, "BKL": 1099, "DF": 115, "VASC": 142},
    printed=COUNTS,
)


def card(name: str) -> Card:
    """The card of ISIC 2018."""
    return CARD


def open(name: str) -> Dataset:
    """All pictures of the one-hot table; the lesions are groups where a file that tells them lies in the folder."""
    root = shelf("isic2018")
    unzip_all(root)
    images = {PurePosixPath(path).stem: path for path in pictures(root, ".jpg")}
    table = next(iter(sorted(root.rglob(TRUTH))), None) if root.is_dir() else None
    if table is None:
        raise missing(CARD, root, TRUTH)
    if not images:
        raise missing(CARD, root, "the folder of pictures (ISIC2018_Task3_Training_Input)")
    lesions = _lesions(root)
    rows = []
    for picture, label in _labels(read_table(table)).items():
        if picture not in images:
            raise missing(CARD, root, f"the picture {picture}.jpg of {TRUTH}")
        rows.append(Row(images[picture], label, lesions.get(picture, "")))
    return files_dataset(CARD, root, rows, CLASSES)


def _labels(table: Table) -> dict[str, str]:
    lacking = [name for name in ("image", *CLASSES) if name not in table.header]
    if lacking:
        raise InputError(f"{str(table.file)!r} has no column {lacking[0]!r}; {CARD.obtain}")
    labels = {}
    for row, cells in table.rows:
        marked = [name for name in CLASSES if cells[name] in ("1", "1.0")]
        if len(marked) != 1 or any(cells[name] not in ("0", "0.0", "1", "1.0") for name in CLASSES):
            raise InputError(
                f"{str(table.file)!r} row {row}: accepted is a 1 in one of {', '.join(CLASSES)} and 0 in the others, "
                f"found {', '.join(cells[name] for name in CLASSES)}; download the file anew"
            )
        labels[cells["image"]] = marked[0]
    return labels


def _lesions(root: Path) -> dict[str, str]:
    """The lesion of every picture, or nothing where no file tells it."""
    for name, column in LESIONS.items():
        for file in sorted(root.rglob(name)):
            table = read_table(file)
            if column in table.header and "lesion_id" in table.header:
                return {cells[column]: cells["lesion_id"] for _, cells in table.rows}
    return {}
