"""A rater's answers as a CSV file: `rater`, `dataset` and the six properties, a row per dataset.

The file is the truth: every click reads it, changes one cell and replaces it, so that neither a killed server nor
a full disk leaves half of one, and what somebody mended by hand is kept.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from whence.data.layouts._csv import read_table
from whence.errors import InputError
from whence.paths import replacing
from whence.rating.names import AUTOMATIC, checked_name, file_stem, same
from whence.rating.questions import PROPERTIES, checked_answer

COLUMNS = ("rater", "dataset", *PROPERTIES)
Answers = Mapping[str, str]  # property → answer; those not answered are absent


@dataclass(frozen=True)
class Sheet:
    """What one rater answered about each dataset."""

    rater: str
    answers: Mapping[str, Answers] = field(default_factory=dict)

    def of(self, dataset: str) -> Answers:
        """The answers about one dataset; empty where there are none."""
        return self.answers.get(dataset, {})

    def is_complete(self, dataset: str) -> bool:
        """Whether all six properties of a dataset are answered."""
        return len(self.of(dataset)) == len(PROPERTIES)

    def with_answers(self, dataset: str, answers: Answers) -> Sheet:
        """The same with some answers given or changed. Raises `InputError` for one that is not accepted."""
        given = {key: checked_answer(key, answer) for key, answer in answers.items()}
        return Sheet(self.rater, {**self.answers, dataset: {**self.of(dataset), **given}})


def sheet_file(folder: Path, rater: str) -> Path:
    """Where a rater's answers lie."""
    return folder / f"{file_stem(rater)}.csv"


def read_sheets(file: Path) -> list[Sheet]:
    """The sheets in a CSV file with the columns `dataset` and the six properties; `rater` where there are several.

    Without the column `rater` the file's name is the rater's. An empty cell is a question left open. Other columns are
    passed over. Raises `InputError` naming file, row, what was found and what is accepted.
    """
    table = read_table(file)
    missing = [name for name in ("dataset", *PROPERTIES) if name not in table.header]
    if missing:
        raise InputError(
            f"{str(file)!r} lacks the column {', '.join(missing)}; it has {', '.join(table.header)}; "
            f"needed: dataset, {', '.join(PROPERTIES)}, and rater where several people are in one file"
        )
    found: dict[str, dict[str, Answers]] = {}
    spelt: dict[str, str] = {}
    for number, row in table.rows:
        try:
            rater, dataset, answers = _read_row(row, file.stem)
        except InputError as error:
            raise InputError(f"{str(file)!r} row {number}: {error}") from error
        rater = spelt.setdefault(rater.casefold(), rater)
        mine = found.setdefault(rater, {})
        if dataset in mine:
            raise InputError(
                f"{str(file)!r} row {number}: {rater!r} has rated {dataset!r} in an earlier row; keep one of them"
            )
        mine[dataset] = answers
    return [Sheet(rater, answers) for rater, answers in found.items()]


def read_sheet(folder: Path, rater: str) -> Sheet:
    """What a rater answered so far; nothing where there is no file yet. Raises `InputError`, see `read_sheets`."""
    file = sheet_file(folder, rater)
    if not file.exists():
        return Sheet(rater)
    sheets = read_sheets(file)
    if len(sheets) != 1 or not same(sheets[0].rater, rater):
        names = ", ".join(repr(sheet.rater) for sheet in sheets)
        raise InputError(
            f"{str(file)!r} should hold the answers of {rater!r} alone, but holds those of {names}"
        )
    return sheets[0]


def read_folder(folder: Path) -> list[Sheet]:
    """The sheets of all raters in a folder, by name; none where there is no folder. Raises `InputError`."""
    sheets: dict[str, Sheet] = {}
    for file in sorted(folder.glob("*.csv")):
        for sheet in read_sheets(file):
            if sheet.rater.casefold() in sheets:
                raise InputError(
                    f"two files in {str(folder)!r} hold answers of {sheet.rater!r}, one of them {file.name!r}; "
                    "leave one there"
                )
            sheets[sheet.rater.casefold()] = sheet
    return [sheet for _, sheet in sorted(sheets.items())]


def write_sheet(folder: Path, sheet: Sheet) -> Path:
    """Replace a rater's file, all or nothing. Raises `OSError` where it cannot be written; the old one is kept then."""
    file = sheet_file(folder, sheet.rater)
    with replacing(file, newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(COLUMNS)
        for dataset, answers in sheet.answers.items():
            writer.writerow([sheet.rater, dataset, *(answers.get(key, "") for key in PROPERTIES)])
    return file


def take_over(files: Iterable[Path], folder: Path) -> list[Sheet]:
    """Add the answers in some CSV files to those in `folder`; return the sheets that they went into.

    All files are read before anything is written. Raises `InputError` where a file is wrong, or where a rater has
    answered otherwise before: nothing is taken over then.
    """
    merged: dict[Path, Sheet] = {}
    for file in files:
        for sheet in read_sheets(file):
            place = sheet_file(folder, sheet.rater)
            known = merged.get(place) or read_sheet(folder, sheet.rater)
            merged[place] = _merged(known, sheet, file)
    for sheet in merged.values():
        write_sheet(folder, sheet)
    return list(merged.values())


def _merged(known: Sheet, new: Sheet, file: Path) -> Sheet:
    for dataset, answers in new.answers.items():
        for key, answer in answers.items():
            before = known.of(dataset).get(key, answer)
            if answer != before:
                raise InputError(
                    f"{str(file)!r}: {new.rater!r} answers {answer!r} to {key} of {dataset!r}, but {before!r} before; "
                    "mend one of the two, or give this rater another name"
                )
        known = known.with_answers(dataset, answers)
    return known


def _read_row(row: Mapping[str, str], stem: str) -> tuple[str, str, Answers]:
    written = row.get("rater") or stem
    rater = AUTOMATIC if written == AUTOMATIC else checked_name(written)
    if not row["dataset"]:
        raise InputError("no dataset is named; write its name as `whence rate` shows it")
    return rater, row["dataset"], {key: checked_answer(key, row[key]) for key in PROPERTIES if row[key]}
