"""The paper's Figure 1 from the data: some random images of every dataset, one column each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from whence.data import Dataset, drawn
from whence.errors import InputError
from whence.paths import replacing
from whence.report.words import display_names

SUFFIXES = {".png": "PNG", ".pdf": "PDF", ".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "TIFF", ".tiff": "TIFF"}
_ACROSS = 9  # columns before the next band starts: as many as the paper has datasets
_GAP, _LINE, _FONT = 6, 22, 13  # pixels
_DPI = 200


def montage(datasets: Sequence[Dataset], *, count: int = 3, side: int = 160, seed: int = 1) -> Image.Image:
    """`count` random images of every dataset, each whole within `side` × `side` pixels; letters as in the paper.

    Raises `UnreadableImage` for an image that cannot be decoded.
    """
    bands = [range(first, min(first + _ACROSS, len(datasets))) for first in range(0, len(datasets), _ACROSS)]
    step = side + _GAP
    height = count * step + _LINE + _GAP
    sheet = Image.new("RGB", (max(map(len, bands)) * step + _GAP, len(bands) * height), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(_FONT)
    names = display_names(dataset.name for dataset in datasets)
    for band, members in enumerate(bands):
        for column, number in enumerate(members):
            left, top = _GAP + column * step, _GAP + band * height
            dataset = datasets[number]
            for row, image in enumerate(drawn(dataset, count, seed)):
                picture = ImageOps.contain(dataset.images.open(image).convert("RGB"), (side, side))
                aside = ((side - picture.width) // 2, (side - picture.height) // 2)
                sheet.paste(picture, (left + aside[0], top + row * step + aside[1]))
            words = _fitting(f"({_letter(number)}) {names[dataset.name]}", font, side)
            middle = (left + side / 2, top + count * step + _LINE / 2 - _GAP / 2)
            pen.text(middle, words, fill="black", font=font, anchor="mm")
    return sheet


def check_suffix(path: Path) -> str:
    """The kind of file that `path` asks for. Raises `InputError` for a suffix that is not among `SUFFIXES`."""
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"a montage cannot be written to {str(path)!r}; accepted are names that end in {', '.join(SUFFIXES)}"
        )
    return SUFFIXES[path.suffix.lower()]


def save_montage(sheet: Image.Image, path: Path) -> None:
    """Write a montage as the kind of file that `path` ends in. Raises `InputError`, see `check_suffix`."""
    kind = check_suffix(path)
    with replacing(path, "wb") as file:
        sheet.save(file, format=kind, dpi=(_DPI, _DPI), resolution=_DPI)


def _letter(number: int) -> str:
    """A, B … Z, AA, AB …"""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _fitting(words: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    if font.getlength(words) <= width:
        return words
    while words and font.getlength(words + "…") > width:
        words = words[:-1]
    return words + "…"
