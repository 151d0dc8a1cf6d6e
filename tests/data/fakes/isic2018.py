"""ISIC 2018 task 3: two zips as the challenge gives them, and the lesion of each picture."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

from tests.data.fakes._pictures import save

CLASSES = ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")
INPUT = "ISIC2018_Task3_Training_Input"
TRUTH = "ISIC2018_Task3_Training_GroundTruth"
LESIONS = "ISIC2018_Task3_Training_LesionGroupings.csv"


def make(folder: Path, lesions: bool = True, each: int = 4) -> None:
    """28 pictures, four of each class (`each`); pictures 0 and 1, 2 and 3, … show one lesion."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"ISIC_{24306 + i:07}" for i in range(7 * each)]
    for i, name in enumerate(names):
        save(folder / "scratch" / f"{name}.jpg", i, 45, 60)
    with zipfile.ZipFile(folder / f"{INPUT}.zip", "w") as archive:
        for name in names:
            archive.write(folder / "scratch" / f"{name}.jpg", f"{INPUT}/{name}.jpg")
        archive.writestr(f"{INPUT}/LICENSE.txt", "CC BY-NC 4.0")
        archive.writestr(f"{INPUT}/ATTRIBUTION.txt", "HAM10000")
    rows = [
        ",".join([name, *("1.0" if j == i // each else "0.0" for j in range(7))])
        for i, name in enumerate(names)
    ]
    table = "\n".join([",".join(["image", *CLASSES]), *rows]) + "\n"
    with zipfile.ZipFile(folder / f"{TRUTH}.zip", "w") as archive:
        archive.writestr(f"{TRUTH}/{TRUTH}.csv", table)
    if lesions:
        found = [f"{name},HAM_{i // 2:07},histopathology" for i, name in enumerate(names)]
        (folder / LESIONS).write_text("\n".join(["image,lesion_id,diagnosis_confirm_type", *found]) + "\n")
    for file in (folder / "scratch").iterdir():
        file.unlink()
    (folder / "scratch").rmdir()


if __name__ == "__main__":
    make(Path(sys.argv[1]))
