"""Maps and images as sheets of tiles: rows with words on the left, pictures to their right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

TILE, GAP, FONT, LINE = 112, 6, 13, 18
WORDS = 190  # pixels for the words of a row
INK = "#1b1f24"
# Dark to light and blue to yellow, readable by the colour-blind: seven points of matplotlib's cividis.
SHADES = np.array(
    [
        [0, 34, 78],
        [53, 69, 108],
        [94, 101, 115],
        [124, 123, 120],
        [165, 156, 116],
        [208, 190, 96],
        [254, 232, 56],
    ],
    dtype=np.float64,
)

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Row:
    """One row of a sheet: lines of words, and tiles (h, w, 3) of any size."""

    words: Sequence[str]
    tiles: Sequence[Pixels]


def heat(values: NDArray[np.floating]) -> Pixels:
    """Values (h, w) in [0, 1] as colours (h, w, 3) from dark blue to yellow."""
    places = np.clip(values, 0, 1) * (len(SHADES) - 1)
    channels = [np.interp(places, np.arange(len(SHADES)), SHADES[:, c]) for c in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def grey(values: NDArray[np.floating]) -> Pixels:
    """A map (h, w) as greys, its smallest value black and its largest white; one of a single value is black."""
    low, high = float(values.min()), float(values.max())
    share = (values - low) / (high - low) if high > low else np.zeros_like(values)
    return np.repeat((255 * share).round().astype(np.uint8)[..., None], 3, axis=-1)


def over(image: Pixels, values: NDArray[np.floating]) -> Pixels:
    """An image (h, w, 3) in greys under a map of the same size: the colours show where the map is high."""
    plain = image.astype(np.float64).mean(axis=-1, keepdims=True)
    share = 0.65 * np.clip(values, 0, 1)[..., None]
    mixed: Pixels = ((1 - share) * plain + share * heat(values)).round().astype(np.uint8)
    return mixed


def sheet(title: str, heads: Sequence[str], rows: Sequence[Row]) -> Image.Image:
    """Rows of tiles under a title and one head per column."""
    across = max([len(row.tiles) for row in rows] + [len(heads), 1])
    font, large = ImageFont.load_default(FONT), ImageFont.load_default(FONT + 3)
    width = max(GAP + WORDS + across * (TILE + GAP), round(large.getlength(title)) + 2 * GAP)
    top = 2 * GAP + LINE + (LINE + GAP if any(heads) else 0)
    drawn = Image.new("RGB", (width, top + len(rows) * (TILE + GAP)), "white")
    pen = ImageDraw.Draw(drawn)
    pen.text((GAP, GAP), title, fill=INK, font=large)
    for column, words in enumerate(heads):
        pen.text(
            (_left(column) + TILE / 2, top - LINE / 2 - GAP),
            _fitting(words, TILE),
            fill=INK,
            font=font,
            anchor="mm",
        )
    for number, row in enumerate(rows):
        down = top + number * (TILE + GAP)
        for line, words in enumerate(row.words):
            pen.text((GAP, down + GAP + line * LINE), _fitting(words, WORDS - GAP), fill=INK, font=font)
        for column, tile in enumerate(row.tiles):
            smooth = Image.Resampling.NEAREST if tile.shape[0] < TILE else Image.Resampling.LANCZOS
            drawn.paste(Image.fromarray(tile).resize((TILE, TILE), smooth), (round(_left(column)), down))
    return drawn


def _left(column: int) -> float:
    return GAP + WORDS + column * (TILE + GAP)


def _fitting(words: str, width: float) -> str:
    font = ImageFont.load_default(FONT)
    if font.getlength(words) <= width:
        return words
    while words and font.getlength(words + "…") > width:
        words = words[:-1]
    return words + "…"
