"""Kermany's chest X-rays as the Kaggle zip holds them: everything twice, once below a second `chest_xray`."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

from tests.data.fakes._pictures import save

NAMES = {
    "train/NORMAL": ("IM-0115-0001", "IM-0117-0001", "NORMAL2-IM-0466-0001", "NORMAL2-IM-0466-0001-0002"),
    "train/PNEUMONIA": ("person1_bacteria_1", "person1_bacteria_2", "person3_virus_15", "person4_virus_16"),
    "val/NORMAL": ("NORMAL2-IM-1427-0001",),
    "val/PNEUMONIA": ("person1946_bacteria_4874",),
    "test/NORMAL": ("IM-0001-0001", "NORMAL2-IM-0007-0001"),
    "test/PNEUMONIA": ("person1_virus_6", "person78_bacteria_378"),
}


def make(folder: Path, more: int = 0) -> None:
    """`archive.zip` with 14 grey pictures of several sizes (and of `more` patients), and all again further down."""
    further = {
        "train/NORMAL": tuple(f"IM-{9000 + i}-0001" for i in range(more)),
        "train/PNEUMONIA": tuple(f"person{9000 + i}_virus_1" for i in range(more)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    seed = 0
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        for place, names in NAMES.items():
            for name in (*names, *further.get(place, ())):
                file = folder / "scratch.jpeg"
                save(file, seed, 30 + seed, 40, grey=True)
                archive.write(file, f"chest_xray/{place}/{name}.jpeg")
                archive.write(file, f"chest_xray/chest_xray/{place}/{name}.jpeg")
                archive.writestr(f"chest_xray/__MACOSX/{place}/._{name}.jpeg", b"\0\5\26\7")
                seed += 1
    file.unlink()


if __name__ == "__main__":
    make(Path(sys.argv[1]))
