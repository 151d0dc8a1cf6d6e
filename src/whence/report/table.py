"""A table in one definition: shown in a page, written as CSV (raw values), LaTeX and Markdown (as shown)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from whence.report.words import MISSING, is_missing

Shown = Callable[[Any], str]
_TEX = {
    "±": r"$\pm$",
    "−": "$-$",
    "×": r"$\times$",
    "→": r"$\to$",
    "ρ": r"$\rho$",
    "τ": r"$\tau$",
    "≥": r"$\geq$",
}


@dataclass(frozen=True)
class Table:
    """Rows of raw values, and how they are shown.

    `columns` maps a column of `frame` to its heading; columns that are not there stand in the CSV only. `shown` maps
    a column to the function that writes its values; others are written as text. `group` names a column of `frame` whose
    runs of equal values head a block of rows. `best` marks rows by their index. Numbers and what `shown` writes stand
    flush right, but for the columns in `words`.
    """

    name: str
    title: str
    caption: str
    frame: pd.DataFrame
    columns: Mapping[str, str]
    shown: Mapping[str, Shown] = field(default_factory=dict)
    group: str | None = None
    best: frozenset[int] = frozenset()
    words: frozenset[str] = frozenset()

    def cell(self, row: Mapping[str, Any], column: str) -> str:
        """A value as it is shown, a dash where it is missing."""
        value = row[column]
        if column in self.shown:
            return self.shown[column](value)
        return MISSING if is_missing(value) or value == "" else str(value)

    def is_numeric(self, column: str) -> bool:
        """Whether a column is set flush right."""
        if column in self.words:
            return False
        return column in self.shown or pd.api.types.is_numeric_dtype(self.frame[column])

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Rows as plain dictionaries."""
        return [{str(k): v for k, v in row.items()} for row in self.frame.to_dict("records")]

    @property
    def blocks(self) -> list[tuple[str, list[tuple[bool, list[str]]]]]:
        """`(heading, rows)` for each run of `group`, one block with no heading without; a row is `(best, cells)`."""
        found: list[tuple[str, list[tuple[bool, list[str]]]]] = []
        for index, row in zip(self.frame.index, self.rows, strict=True):
            heading = str(row[self.group]) if self.group else ""
            if not found or found[-1][0] != heading:
                found.append((heading, []))
            found[-1][1].append((index in self.best, [self.cell(row, column) for column in self.columns]))
        return found

    def plain(self) -> pd.DataFrame:
        """What is shown, as text, with the headings; a group becomes the first column."""
        cells = [[heading] * bool(self.group) + row for heading, rows in self.blocks for _, row in rows]
        headings = [self.group.capitalize()] if self.group else []
        return pd.DataFrame(cells, columns=[*headings, *self.columns.values()])

    def csv(self) -> str:
        """Raw values, all columns."""
        return self.frame.to_csv(index=False, lineterminator="\n")

    def markdown(self) -> str:
        """A Markdown table under its caption."""
        plain = self.plain()
        marks = ["---:" if self._right(name) else "---" for name in plain.columns]
        lines = [list(plain.columns), marks, *plain.to_numpy().tolist()]
        body = "\n".join(
            "| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines
        )
        return f"{self.caption}\n\n{body}\n"

    def latex(self) -> str:
        """A LaTeX table (booktabs) with caption and label."""
        plain = self.plain()
        text = plain.to_latex(
            index=False,
            escape=True,
            column_format="".join("r" if self._right(name) else "l" for name in plain.columns),
            caption=_escaped(self.caption),
            label=f"tab:{self.name.replace('_', '-')}",
            position="t",
        )
        for sign, command in _TEX.items():
            text = text.replace(sign, command)
        return text

    def _right(self, heading: str) -> bool:
        return any(self.is_numeric(column) for column, name in self.columns.items() if name == heading)


def _escaped(text: str) -> str:
    return "".join(f"\\{c}" if c in "&%$#_{}" else c for c in text)
