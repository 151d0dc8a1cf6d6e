"""MedMNIST's .npz files: pictures or volumes and labels of each split."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

COUNTS = {"train": 24, "val": 6, "test": 10}


def make(
    folder: Path, flag: str, classes: int, *, size: int = 28, channels: int = 1, several: bool = False
) -> Path:
    """One set of 40 pictures; volumes where the flag ends in 3d; `several` labels per picture. Returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(sum(flag.encode()) + size)
    arrays = {}
    for split, count in COUNTS.items():
        shape: tuple[int, ...] = (count, size, size)
        if flag.endswith("3d"):
            shape = (*shape, size)
        elif channels == 3:
            shape = (*shape, 3)
        arrays[f"{split}_images"] = random.integers(0, 256, shape, dtype=np.uint8)
        if several:
            arrays[f"{split}_labels"] = random.integers(0, 2, (count, classes), dtype=np.uint8)
        else:
            arrays[f"{split}_labels"] = (np.arange(count) % classes).astype(np.uint8).reshape(-1, 1)
    file = folder / (f"{flag}.npz" if size == 28 else f"{flag}_{size}.npz")
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file


if __name__ == "__main__":
    print(make(Path(sys.argv[1]), "breastmnist", 2))
