"""One CSV file that names images and their labels, with the images beside it or in folders below.

Which column is which is guessed from its name, or said in the options. Image names may lack their suffix
and their folder, but never lead out of the CSV's own folder. A row may name a folder: all images in it have the row's
label and are one group. A table of patients, without an image column, labels a DICOM tree by its patient ids.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from whence.data.dataset import Dataset, OpenOptions, class_order
from whence.data.formats import read_images
from whence.data.layouts._columns import Columns, find_columns
from whence.data.layouts._csv import Table, has_columns, has_header, read_table
from whence.data.layouts._finding import Finder
from whence.data.layouts._patients import files_of_patients, is_of_patients, labels_patients, tells_patients
from whence.data.layouts._shared import entries, split_name
from whence.data.layouts.folders import looks_like_classes
from whence.errors import InputError
from whence.records import Card

ORDER = 20
OPTIONS = ("slices",)


def recognises(path: Path) -> bool:
    """A CSV file; or a folder with one that has the columns, or with any when it has no class folders."""
    if not path.is_dir():
        return path.suffix.lower() in (".csv", ".tsv")
    tables = _tables(path)
    if len([table for table in tables if has_columns(table)]) == 1:
        return True
    return bool(tables) and (not looks_like_classes(path) or tells_patients(path, tables))


def read(path: Path, options: OpenOptions, *, slices: str | None = None) -> Dataset:
    """The dataset that a CSV file describes; `slices` says how volumes become images. Raises `InputError`."""
    file = _choose(path, options) if path.is_dir() else path
    table = read_table(file)
    if is_of_patients(table, options):
        columns, rows = files_of_patients(table, options)
    else:
        columns = find_columns(table, options)
        rows = _files_of_images(table, columns)
    names = [(position, name) for position, found in enumerate(rows) for name in found]
    labels = [cells[columns.label] for _, cells in table.rows]
    class_names = class_order(set(labels))
    if len(class_names) < 2:
        raise InputError(
            f"{str(file)!r}: column {columns.label!r} has one class only, {class_names[0]!r}; at least two "
            "are needed: name another column with label_column (--label-column)"
        )
    number = {name: i for i, name in enumerate(class_names)}
    splits = _splits(table, columns, options)
    images = read_images(file.parent, [name for _, name in names], slices)
    if not images.origin:
        raise InputError(f"the files that {str(file)!r} names hold no picture; name files that do")
    row = [names[i][0] for i in images.origin]
    alone = len(_tables(file.parent)) == 1
    name = path.name if path.is_dir() else file.parent.name if alone else file.stem
    return Dataset(
        name=name,
        class_names=class_names,
        labels=np.array([number[labels[i]] for i in row], dtype=np.int64),
        images=images.store,
        card=Card(name=name),
        address=str(path),
        groups=_groups(table, columns, rows, row, images.groups),
        splits=None if splits is None else splits[row],
        options=options,
    )


def _tables(folder: Path) -> list[Path]:
    return [e for e in entries(folder) if e.is_file() and e.suffix.lower() in (".csv", ".tsv")]


def _choose(folder: Path, options: OpenOptions) -> Path:
    tables = _tables(folder)
    if not tables:
        raise InputError(
            f"{str(folder)!r} has no CSV file, but columns were named; give the CSV file, or leave the "
            "columns out"
        )
    fitting = [table for table in tables if has_columns(table, options)]
    fitting = fitting or [table for table in tables if has_header(table, labels_patients)]
    if len(fitting) == 1:
        return fitting[0]
    if len(tables) == 1:
        return tables[0]  # reading it says what is missing
    listed = ", ".join(table.name for table in (fitting or tables)[:5])
    which = "several have" if fitting else "none has"
    raise InputError(
        f"{str(folder)!r} holds several CSV files ({listed}), of which {which} an image and a label column; "
        "give the path of the CSV file itself"
    )


def _files_of_images(table: Table, columns: Columns) -> list[list[str]]:
    """For every row the files that it names: one, or those of a folder."""
    finder = Finder(table.file.parent)
    rows: list[list[str]] = []
    first_row: dict[str, int] = {}
    for row, cells in table.rows:
        where = f"{str(table.file)!r} row {row}"
        for column in (columns.image, columns.label):
            if not cells[column]:
                raise InputError(f"{where}: column {column!r} is blank; fill it in or remove the row")
        found = finder.find(cells[columns.image], where)
        for image in found:
            if image in first_row:
                raise InputError(
                    f"{where}: image {cells[columns.image]!r} is listed again (first in row "
                    f"{first_row[image]}); list each image once"
                )
            first_row[image] = row
        rows.append(found)
    return rows


def _groups(
    table: Table, columns: Columns, rows: list[list[str]], row: list[int], told: list[str] | None
) -> np.ndarray[tuple[int], np.dtype[np.str_]] | None:
    """The group of every image: from the table's column, else from the files, else from a row that is a folder."""
    if columns.group is not None:
        return np.array([table.rows[i][1][columns.group] for i in row], dtype=np.str_)
    if told is not None:
        return np.array(told, dtype=np.str_)
    if all(len(found) == 1 for found in rows):
        return None
    return np.array([f"row {i + 1}" if len(rows[i]) > 1 else "" for i in row], dtype=np.str_)


def _splits(
    table: Table, columns: Columns, options: OpenOptions
) -> np.ndarray[tuple[int], np.dtype[np.str_]] | None:
    if columns.split is None:
        return None
    words = [cells[columns.split] for _, cells in table.rows]
    splits = [split_name(word) if word else "" for word in words]
    if not any(splits) and options.split_column is None:
        return None  # a guessed column that turns out to hold something else, such as "set" of "A", "B"
    for (row, _), word, split in zip(table.rows, words, splits, strict=True):
        if split is None:
            raise InputError(
                f"{str(table.file)!r} row {row}: column {columns.split!r} holds {word!r}; accepted are "
                "train, val and test: correct it, or name another column with split_column (--split-column)"
            )
    return np.array(splits, dtype=np.str_)
