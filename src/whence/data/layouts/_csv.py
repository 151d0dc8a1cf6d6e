"""A CSV file as rows of text, with the row numbers that a spreadsheet shows."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from whence.data.dataset import OpenOptions
from whence.data.layouts._columns import guess
from whence.errors import InputError

_DELIMITERS = ",;\t"
_LONGEST_HEADER = 1_000_000  # characters


@dataclass(frozen=True)
class Table:
    """A CSV file: its header, and its rows as (row number, {column: text without outer blanks})."""

    file: Path
    header: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]


def read_table(file: Path) -> Table:
    """Read a CSV file whose first row names the columns; separated by comma, semicolon or tab.

    Empty rows are passed over. Raises `InputError`, naming file and row.
    """
    lines = _lines(file)
    header = _header(file, lines)
    reader = csv.reader(lines, delimiter=_delimiter(lines[0]), strict=True)
    rows: list[tuple[int, dict[str, str]]] = []
    number = 0
    try:
        for cells in reader:
            number += 1
            if number == 1 or not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise InputError(
                    f"{str(file)!r} row {number}: {len(cells)} cells, but the header has {len(header)}; "
                    "give every row one cell per column"
                )
            rows.append((number, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}))
    except csv.Error as error:
        raise InputError(
            f"{str(file)!r} row {number + 1}: {error}; correct the row or save the table as CSV anew"
        ) from error
    if not rows:
        raise InputError(f"{str(file)!r} has a header but no rows; add one row per image")
    return Table(file, header, tuple(rows))


def has_columns(file: Path, options: OpenOptions | None = None) -> bool:
    """Whether a CSV file's header has an image and a label column, named in the options or guessed."""
    options = options or OpenOptions()

    def fits(header: tuple[str, ...]) -> bool:
        image = options.image_column or guess(header, "image")
        label = options.label_column or guess(header, "label")
        return image in header and label in header and image != label

    return has_header(file, fits)


def has_header(file: Path, fits: Callable[[tuple[str, ...]], bool]) -> bool:
    """Whether a CSV file has a readable header that `fits`."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            header = _header(file, [opened.readline(_LONGEST_HEADER)])
    except (InputError, OSError, ValueError):
        return False
    return fits(header)


def _lines(file: Path) -> list[str]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            lines = opened.readlines()
    except OSError as error:
        raise InputError(f"{str(file)!r} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{str(file)!r} is not UTF-8 text (byte {error.start}); save it as 'CSV UTF-8' and try again"
        ) from error
    if not lines or not lines[0].strip():
        raise InputError(f"{str(file)!r} is empty or its first line is; its first line must name the columns")
    return lines


def _header(file: Path, lines: list[str]) -> tuple[str, ...]:
    try:
        cells = next(csv.reader(lines[:1], delimiter=_delimiter(lines[0])), [])
    except csv.Error as error:
        raise InputError(f"{str(file)!r} row 1: {error}; its first line must name the columns") from error
    header = tuple(cell.strip() for cell in cells)
    repeated = [name for name in header if header.count(name) > 1]
    if repeated:
        raise InputError(f"{str(file)!r} has two columns called {repeated[0]!r}; rename one of them")
    return header


def _delimiter(line: str) -> str:
    return max(_DELIMITERS, key=line.count)
