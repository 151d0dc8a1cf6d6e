"""Small learnable pictures for the fakes, the same every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image


def picture(seed: int, height: int = 20, width: int = 24, grey: bool = False) -> npt.NDArray[np.uint8]:
    """Coarse noise that no two seeds share, uint8 (height, width, 3) or (height, width)."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 255, (4, 4, 3), dtype=np.uint8)
    fine = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(fine.convert("L") if grey else fine)


def save(file: Path, seed: int, height: int = 20, width: int = 24, grey: bool = False) -> None:
    """Write such a picture; its folder is made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture(seed, height, width, grey)).save(file)
