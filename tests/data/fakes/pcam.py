"""PatchCamelyon's nine files: compressed HDF5 of pictures and of labels, and a table of slides, for each split."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import h5py
import numpy as np

from tests.data.fakes._pictures import picture

COUNTS = {"train": 400, "valid": 60, "test": 60}


def make(folder: Path, compressed: bool = True, slides: bool = True) -> None:
    """520 pictures of 12 × 12 px, 45 in 100 positive; every hundredth is the same as the one before it."""
    folder.mkdir(parents=True, exist_ok=True)
    seed = 0
    for split, count in COUNTS.items():
        pictures = np.stack([picture(seed + i, 12, 12) for i in range(count)])
        labels = (np.arange(count) * 9 % 20 < 9).astype(np.uint8)
        pictures[99::100], labels[99::100] = (
            pictures[98::100][: count // 100],
            labels[98::100][: count // 100],
        )
        seed += count
        stem = f"camelyonpatch_level_2_split_{split}"
        for kind, array in (("x", pictures), ("y", labels.reshape(-1, 1, 1, 1))):
            file = folder / f"{stem}_{kind}.h5"
            with h5py.File(file, "w") as opened:
                opened.create_dataset(
                    kind, data=array, chunks=(min(64, count), *array.shape[1:]), compression="gzip"
                )
            if compressed:
                Path(f"{file}.gz").write_bytes(gzip.compress(file.read_bytes()))
                file.unlink()
        if slides:
            rows = [
                f"{i},10,20,False,{bool(labels[i])},camelyon16_{split}_tumor_{i // 20:03}"
                for i in range(count)
            ]
            header = ",coord_x,coord_y,tumor_patch,center_tumor_patch,wsi"
            (folder / f"{stem}_meta.csv").write_text("\n".join([header, *rows]) + "\n")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
