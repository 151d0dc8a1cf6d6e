"""One CSV file that names images and their labels, with the images beside it or in folders below.

Which column is which is guessed from its name, or said in the options. Image names may lack their suffix
and their folder, but never lead out of the CSV's own folder.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from whence.data.dataset import Dataset, OpenOptions, class_order
from whence.data.layouts._columns import Columns, find_columns
from whence.data.layouts._csv import Table, has_columns, read_table
from whence.data.layouts._finding import Finder
from whence.data.layouts._shared import entries, split_name
from whence.data.layouts.folders import looks_like_classes
from whence.data.stores import FileStore
from whence.errors import InputError
from whence.records import Card

ORDER = 20


def recognises(path: Path) -> bool:
    """A CSV file; or a folder with one that has the columns, or with any when it has no class folders."""
    if not path.is_dir():
        return path.suffix.lower() in (".csv", ".tsv")
    tables = _tables(path)
    if len([table for table in tables if has_columns(table)]) == 1:
        return True
    return bool(tables) and not looks_like_classes(path)


def read(path: Path, options: OpenOptions) -> Dataset:
    """The dataset that a CSV file describes. Raises `InputError`."""
    file = _choose(path, options) if path.is_dir() else path
    table = read_table(file)
    columns = find_columns(table, options)
    images, labels, groups = _images_and_labels(table, columns)
    class_names = class_order(set(labels))
    if len(class_names) < 2:
        raise InputError(
            f"{str(file)!r}: column {columns.label!r} has one class only, {class_names[0]!r}; at least two "
            "are needed: name another column with label_column (--label-column)"
        )
    number = {name: i for i, name in enumerate(class_names)}
    alone = len(_tables(file.parent)) == 1
    name = path.name if path.is_dir() else file.parent.name if alone else file.stem
    return Dataset(
        name=name,
        class_names=class_names,
        labels=np.array([number[label] for label in labels], dtype=np.int64),
        images=FileStore(file.parent, tuple(images)),
        card=Card(name=name),
        address=str(path),
        groups=np.array(groups) if columns.group else None,
        splits=_splits(table, columns, options),
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


def _images_and_labels(table: Table, columns: Columns) -> tuple[list[str], list[str], list[str]]:
    finder = Finder(table.file.parent)
    images: list[str] = []
    labels: list[str] = []
    groups: list[str] = []
    first_row: dict[str, int] = {}
    for row, cells in table.rows:
        where = f"{str(table.file)!r} row {row}"
        for column in (columns.image, columns.label):
            if not cells[column]:
                raise InputError(f"{where}: column {column!r} is blank; fill it in or remove the row")
        image = finder.find(cells[columns.image], where)
        if image in first_row:
            raise InputError(
                f"{where}: image {cells[columns.image]!r} is listed again (first in row {first_row[image]}); "
                "list each image once"
            )
        first_row[image] = row
        images.append(image)
        labels.append(cells[columns.label])
        groups.append(cells[columns.group] if columns.group else "")
    return images, labels, groups


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
