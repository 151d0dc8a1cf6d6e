"""DTD's archive: a folder per texture below `images`, and the lists of ten partitions below `labels`."""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path

from tests.data.fakes._pictures import save

CLASSES = ("banded", "blotchy", "braided")
EACH = 6


def make(folder: Path) -> Path:
    """`dtd-r1.0.1.tar.gz` with three textures of six pictures; returns it."""
    root = folder / "scratch" / "dtd"
    for number, texture in enumerate(CLASSES):
        for i in range(EACH):
            save(root / "images" / texture / f"{texture}_{i:04}.jpg", 100 * number + i, 40 + 10 * i, 50)
        (root / "images" / texture / ".directory").write_text(
            "left behind by a file manager, as in the archive\n"
        )
    (root / "labels").mkdir()
    for partition in range(1, 11):
        for shift, part in enumerate(("train", "val", "test")):
            names = [
                f"{texture}/{texture}_{i:04}.jpg"
                for texture in CLASSES
                for i in range(EACH)
                if (i + partition) % 3 == shift
            ]
            (root / "labels" / f"{part}{partition}.txt").write_text("\n".join(names) + "\n")
    (root / "labels" / "labels_joint_anno.txt").write_text("banded/banded_0000.jpg banded\n")
    (root / "imdb").mkdir()
    (root / "imdb" / "imdb.mat").write_bytes(b"MATLAB 5.0 MAT-file")
    archive = folder / "dtd-r1.0.1.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(root, "dtd")
    return archive


if __name__ == "__main__":
    print(make(Path(sys.argv[1])))
