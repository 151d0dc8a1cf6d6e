"""The classes of STI-10 in a tree of ImageNet 21k: a folder per WordNet id."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.data.fakes._pictures import save

WNIDS = (
    "n02897820",
    "n02999410",
    "n09247410",
    "n07840804",
    "n03309808",
    "n11669921",
    "n03530642",
    "n09376198",
    "n09416076",
    "n04326547",
)


def make(folder: Path, wnids: tuple[str, ...] = WNIDS) -> None:
    """Three pictures of each class, of several sizes."""
    for place, wnid in enumerate(wnids):
        for i in range(3):
            save(folder / wnid / f"{wnid}_{i + 10}.JPEG", 100 * place + i, 60 + 100 * i, 75)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
