"""A table of patients and their labels beside a DICOM tree: its rows mean the files with these patient ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from whence.data.dataset import OpenOptions
from whence.data.formats import Format, dicom, format_of, main_format
from whence.data.formats._dicom_headers import read_headers
from whence.data.layouts._columns import Columns, guess
from whence.data.layouts._csv import Table, has_header
from whence.data.layouts._shared import files_below
from whence.errors import InputError


def tells_patients(folder: Path, tables: Iterable[Path]) -> bool:
    """Whether a folder is a DICOM tree with exactly one table that labels patients."""
    fitting = [table for table in tables if has_header(table, labels_patients)]
    return len(fitting) == 1 and _is_dicom_tree(folder)


def is_of_patients(table: Table, options: OpenOptions) -> bool:
    """Whether a table labels patients of the DICOM tree that it lies in, rather than images."""
    header = table.header
    named = options.label_column in header and options.group_column in header
    return (
        options.image_column is None
        and (named or labels_patients(header))
        and guess(header, "image") is None
        and _is_dicom_tree(table.file.parent)
    )


def files_of_patients(table: Table, options: OpenOptions) -> tuple[Columns, list[list[str]]]:
    """The columns, and for every row the files of its patient. Patients without a row are passed over.

    Raises `InputError` for a row without a file, and for a patient with two rows.
    """
    patient = options.group_column or guess(table.header, "group")
    label = options.label_column or guess(table.header, "label")
    split = options.split_column or guess(table.header, "split")
    assert patient is not None
    assert label is not None
    folder = table.file.parent
    names = [name for name in files_below(folder) if format_of(folder / name) is dicom]
    files: dict[str, list[str]] = defaultdict(list)
    for header in read_headers(folder, names):
        files[header.patient_id].append(header.name)
    rows: list[list[str]] = []
    seen: dict[str, int] = {}
    for row, cells in table.rows:
        where = f"{str(table.file)!r} row {row}"
        for column in (patient, label):
            if not cells[column]:
                raise InputError(f"{where}: column {column!r} is blank; fill it in or remove the row")
        if cells[patient] in seen:
            raise InputError(
                f"{where}: its patient has a row already (row {seen[cells[patient]]}); give each patient one label"
            )
        if cells[patient] not in files:
            raise InputError(
                f"{where}: no DICOM file below {str(folder)!r} has this patient's id; add the files or remove the row"
            )
        seen[cells[patient]] = row
        rows.append(files[cells[patient]])
    # the group comes from the files, salted, not from the table
    return Columns(patient, label, split, None), rows


def labels_patients(header: tuple[str, ...]) -> bool:
    """Whether a header has a label and a patient column, and none that could name images."""
    return (
        guess(header, "image") is None
        and guess(header, "label") is not None
        and guess(header, "group") is not None
    )


def _is_dicom_tree(folder: Path) -> bool:
    kinds: list[Format | None] = [format_of(folder / name) for name in files_below(folder)]
    return main_format(kinds) is dicom
