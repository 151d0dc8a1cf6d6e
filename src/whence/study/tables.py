"""A study's tables as files: written after every source, and read back when ledger and caches are gone."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TextIO

from whence.errors import InputError
from whence.paths import replacing
from whence.records import NOT_MEASURED, as_row, column_names
from whence.study.ledger import TABLES, Ledger, Measured, by_job

FILES = {
    "outcomes": "outcomes.csv",
    "pretrainings": "pretrainings.csv",
    "curves": "curves.csv",
    "predictions": "predictions.csv.gz",
}


def export_tables(ledger: Ledger, folder: Path, jobs: Iterable[str] | None = None) -> None:
    """Write every table of the ledger to `folder`, each file in one rename; equal ledgers give equal bytes.

    With `jobs`, only their rows: a ledger may hold more than the study file asks for now.
    """
    wanted = None if jobs is None else set(jobs)
    for table, name in FILES.items():
        rows = ledger.rows(table, wanted)
        text = io.StringIO(newline="")
        writer = csv.writer(text)  # RFC 4180: lines end in CR LF, so that both are quoted inside a cell
        writer.writerow(column_names(TABLES[table]))
        writer.writerows([[_cell(getattr(row, c)) for c in column_names(TABLES[table])] for row in rows])
        with replacing(folder / name, "wb") as file:
            data = text.getvalue().encode()
            file.write(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)


def export_parquet(ledger: Ledger, folder: Path, jobs: Iterable[str]) -> list[Path]:
    """Write every table as a Parquet file; return their paths. Raises `InputError` without the extra `parquet`."""
    import pandas as pd

    wanted, written = set(jobs), []
    for table, name in FILES.items():
        rows = [as_row(row) for row in ledger.rows(table, wanted)]
        path = folder / f"{name.partition('.')[0]}.parquet"
        try:
            with replacing(path, "wb") as file:
                pd.DataFrame(rows, columns=column_names(TABLES[table])).to_parquet(file, index=False)
        except ImportError as error:
            raise InputError(
                "Parquet needs pyarrow: pip install 'whence[parquet]'; or take --format csv"
            ) from error
        written.append(path)
    return written


def import_tables(folder: Path) -> list[Measured]:
    """The jobs that exported tables in `folder` tell of, whole ones only: a row, its curve and its predictions."""
    found = {table: _read(folder / name, TABLES[table]) for table, name in FILES.items()}
    curves, predictions = by_job(found["curves"]), by_job(found["predictions"])
    return [
        Measured(row, curves[row.job], predictions[row.job])
        for row in [*found["outcomes"], *found["pretrainings"]]
        if row.job in curves and row.job in predictions
    ]


def _read(path: Path, record: type) -> list[Any]:
    if not path.exists():
        return []
    try:
        with _opened(path) as file:
            rows = csv.DictReader(file)
            there = [field for field in fields(record) if field.name in (rows.fieldnames or ())]
            missing = {f.name for f in fields(record) if f.default is MISSING} - {f.name for f in there}
            if missing:
                raise InputError(
                    f"{path} lacks the columns {', '.join(sorted(missing))}; move it away to go on without"
                )
            return [record(**{f.name: _value(str(f.type), row[f.name]) for f in there}) for row in rows]
    except (ValueError, TypeError, OSError, EOFError, csv.Error) as error:
        raise InputError(
            f"{path} cannot be read as a table of whence ({error}); move it away to go on without"
        ) from error


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            yield file
    else:
        with path.open(encoding="utf-8", newline="") as file:
            yield file


def _cell(value: Any) -> str:
    """A float as the shortest text that gives it back to the last bit; NaN as an empty cell."""
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    if isinstance(value, tuple):
        return json.dumps(value)
    if value is None:
        return ""
    return str(value)


def _value(kind: str, text: str) -> Any:
    if kind == "float":
        return float(text) if text else NOT_MEASURED
    if kind == "float | None":
        return float(text) if text else None
    if kind == "int":
        return int(text)
    if kind == "bool":
        return {"True": True, "False": False}[text]
    return tuple(json.loads(text)) if kind.startswith("tuple") else text
