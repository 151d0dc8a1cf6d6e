"""STL-10's archive: raw colour planes, column by column, and labels from 1, and an unlabelled part."""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path

import numpy as np

from tests.data.fakes._pictures import picture

CLASSES = ("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck")


def make(folder: Path) -> Path:
    """`stl10_binary.tar.gz` with 20 training and 30 test pictures; returns it."""
    inside = folder / "scratch" / "stl10_binary"
    inside.mkdir(parents=True)
    (inside / "class_names.txt").write_text("\n".join(CLASSES) + "\n")
    for part, count, first in (("train", 20, 0), ("test", 30, 100)):
        pictures = np.stack([picture(first + i, 96, 96) for i in range(count)])
        pictures.transpose(0, 3, 2, 1).tofile(inside / f"{part}_X.bin")
        (np.arange(count) % 10 + 1).astype(np.uint8).tofile(inside / f"{part}_y.bin")
    np.zeros(3 * 96 * 96, dtype=np.uint8).tofile(inside / "unlabeled_X.bin")
    archive = folder / "stl10_binary.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(inside, "stl10_binary")
    return archive


if __name__ == "__main__":
    print(make(Path(sys.argv[1])))
