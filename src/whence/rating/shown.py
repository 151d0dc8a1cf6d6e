"""What a rater sees of a dataset: nine random images, as PNG."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import ImageOps

from whence.data import Dataset
from whence.data.drawing import drawn

IMAGES = 9  # the paper's
SIDE = 480  # pixels of the longer side at most: sharp on a phone, small enough to be quick


@dataclass(frozen=True)
class Shown:
    """A dataset on the page: its name, how many images it has, and the PNG files of those shown."""

    name: str
    count: int
    pictures: tuple[bytes, ...]
    digests: tuple[str, ...]


def shown(datasets: Sequence[Dataset], seed: int) -> list[Shown]:
    """The datasets as the page shows them, under names that differ. Raises `UnreadableImage`."""
    names = names_of(datasets)
    return [
        _shown(dataset, name, drawn(dataset, IMAGES, seed))
        for dataset, name in zip(datasets, names, strict=True)
    ]


def names_of(datasets: Sequence[Dataset]) -> list[str]:
    """The datasets' names; where two have the same one, the addresses by which they were opened."""
    often = Counter(dataset.name for dataset in datasets)
    return [dataset.address if often[dataset.name] > 1 else dataset.name for dataset in datasets]


def _shown(dataset: Dataset, name: str, chosen: list[int]) -> Shown:
    pictures = tuple(_png(dataset, i) for i in chosen)
    return Shown(name, len(dataset), pictures, tuple(dataset.digests[i] for i in chosen))


def _png(dataset: Dataset, i: int) -> bytes:
    image = dataset.images.open(i, draft=SIDE)
    if max(image.size) > SIDE:
        image = ImageOps.contain(image, (SIDE, SIDE))
    file = io.BytesIO()
    image.save(file, format="PNG")  # pixels alone: nothing that the file held beside them
    return file.getvalue()
