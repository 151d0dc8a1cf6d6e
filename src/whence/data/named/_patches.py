"""Cut a picture into square patches that overlap only inside a region: regions can then be a dataset's groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Grid:
    """Regions of `region` × `region` pixels side by side; in each, patches of `side` pixels, `step` apart."""

    region: int
    side: int
    step: int

    def corners(self, height: int, width: int) -> Iterator[tuple[int, int]]:
        """Row and column of every patch's upper left pixel. Patches lie inside one whole region each."""
        inside = range(0, self.region - self.side + 1, self.step)
        for top in range(0, height - self.region + 1, self.region):
            for left in range(0, width - self.region + 1, self.region):
                for down in inside:
                    for right in inside:
                        yield top + down, left + right

    def name(self, picture: str, row: int, column: int) -> str:
        """What the region around a corner is called, for instance "ihc r3 c4"."""
        return f"{picture} r{row // self.region} c{column // self.region}"

    def cut(self, plane: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """All patches of a picture or a map, (h, w) or (h, w, 3) → (n, side, side) or (n, side, side, 3)."""
        found = [plane[r : r + self.side, c : c + self.side] for r, c in self.corners(*plane.shape[:2])]
        return np.stack(found)

    def names(self, picture: str, shape: tuple[int, ...]) -> npt.NDArray[np.str_]:
        """The region of every patch, in the order of `cut`."""
        return np.array([self.name(picture, r, c) for r, c in self.corners(*shape[:2])])


def levelled(patches: npt.NDArray[Any], mean: float = 128, sd: float = 40) -> Pixels:
    """Grey patches (n, h, w) with equal brightness and contrast each, so that only their texture tells them apart."""
    values = patches.astype(np.float64)
    centred = values - values.mean(axis=(1, 2), keepdims=True)
    spread = np.maximum(centred.std(axis=(1, 2), keepdims=True), 1e-6)
    return np.asarray(np.clip(np.rint(mean + sd * centred / spread), 0, 255), dtype=np.uint8)


def halved(patches: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Patches (n, h, w) at half their size: the mean of every two by two pixels."""
    n, height, width = patches.shape
    return np.asarray(patches.reshape(n, height // 2, 2, width // 2, 2).mean(axis=(2, 4)), dtype=np.float64)
