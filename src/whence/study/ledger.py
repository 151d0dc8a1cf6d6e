"""The ledger: one SQLite file with all that a study has measured, and one writer, the driver."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import Field, astuple, dataclass, fields
from pathlib import Path
from typing import Any

from whence.errors import InputError
from whence.records import NOT_MEASURED, CurvePoint, Outcome, Prediction, Pretraining, column_names
from whence.study.migrations import SCHEMA, SQL_TYPES, migrate

NAME = "ledger.db"
TABLES: dict[str, type] = {
    "outcomes": Outcome,
    "pretrainings": Pretraining,
    "curves": CurvePoint,
    "predictions": Prediction,
}
KEYS = {"outcomes": "job", "pretrainings": "job", "curves": "job, epoch", "predictions": "job, image, label"}


@dataclass(frozen=True)
class Measured:
    """Everything that came of one job: its row, its curve and its predictions."""

    row: Outcome | Pretraining
    curve: Sequence[CurvePoint]
    predictions: Sequence[Prediction]


class Ledger:
    """What a study has measured. Each job's rows enter in one transaction, so it is wholly there or not at all."""

    def __init__(self, path: Path | None) -> None:
        """Open or create the ledger at `path`, or an empty one in memory.

        One of an earlier schema is brought up to date. Raises `InputError` if the file is of another kind or of a
        later schema.
        """
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
        self.connection = sqlite3.connect(path or ":memory:", isolation_level=None)
        try:
            found = self.connection.execute("PRAGMA user_version").fetchone()[0]
            if found > SCHEMA:
                raise InputError(
                    f"{path} was written by a later whence (schema {found}, this one knows {SCHEMA})"
                )
            self.connection.execute("PRAGMA journal_mode = DELETE")
            self.connection.execute("PRAGMA synchronous = FULL")
            with self._transaction():
                if found:
                    migrate(self.connection, found)
                for table in TABLES:
                    self.connection.execute(_create(table))
                self.connection.execute(f"PRAGMA user_version = {SCHEMA}")
        except sqlite3.DatabaseError as error:
            raise InputError(
                f"{path} is not a ledger ({error}); move it away and run the study again"
            ) from error

    @classmethod
    def of_study(cls, folder: Path) -> Ledger:
        """The ledger in a study's folder to read from; an empty one in memory where there is none yet."""
        path = folder / NAME
        return cls(path if path.exists() else None)

    def __enter__(self) -> Ledger:
        """Use the ledger in a `with` block, at whose end it is closed."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def add(self, measured: Iterable[Measured]) -> None:
        """Write what jobs measured; a job that is there already stays as it is."""
        with self._transaction():
            for one in measured:
                self._insert("outcomes" if isinstance(one.row, Outcome) else "pretrainings", [one.row])
                self._insert("curves", one.curve)
                self._insert("predictions", one.predictions)

    def jobs(self) -> set[str]:
        """Keys of all jobs that the ledger holds."""
        query = "SELECT job FROM outcomes UNION SELECT job FROM pretrainings"
        return {key for (key,) in self.connection.execute(query)}

    def rows(self, table: str, jobs: Iterable[str] | None = None) -> list[Any]:
        """The records of a table, in a stable order; only those of `jobs` when given."""
        record = TABLES[table]
        order = {"outcomes": "source, target, backbone, recipe, seed, fold"}.get(table, KEYS[table])
        wanted = None if jobs is None else set(jobs)
        query = f"SELECT {', '.join(column_names(record))} FROM {table} ORDER BY {order}"
        found = [_decode(record, row) for row in self.connection.execute(query)]
        return [row for row in found if wanted is None or row.job in wanted]

    def measured(self) -> list[Measured]:
        """Everything that the ledger holds, job by job, in a stable order."""
        curves, predictions = (by_job(self.rows(table)) for table in ("curves", "predictions"))
        return [
            Measured(row, curves.get(row.job, []), predictions.get(row.job, []))
            for row in [*self.rows("outcomes"), *self.rows("pretrainings")]
        ]

    def _insert(self, table: str, records: Sequence[Any]) -> None:
        names = column_names(TABLES[table])  # by name: a migrated table has them in another order
        self.connection.executemany(
            f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
            [_encode(record) for record in records],
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")


def by_job(rows: Iterable[Any]) -> dict[str, list[Any]]:
    """Records of a table, in groups by their job."""
    grouped: dict[str, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row.job, []).append(row)
    return grouped


def _create(table: str) -> str:
    columns = [_column(field) for field in fields(TABLES[table])]
    return f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(columns)}, PRIMARY KEY ({KEYS[table]}))"


def _column(field: Field[Any]) -> str:
    kind = SQL_TYPES.get(str(field.type), "TEXT")
    return f"{field.name} {kind}" + ("" if kind == "REAL" else " NOT NULL")  # NaN is stored as NULL


def _encode(record: Any) -> tuple[Any, ...]:
    return tuple(json.dumps(v) if isinstance(v, tuple) else v for v in astuple(record))


def _decode(record: type, row: Sequence[Any]) -> Any:
    values = []
    for field, value in zip(fields(record), row, strict=True):
        kind = str(field.type)
        if kind == "float":
            value = NOT_MEASURED if value is None else float(value)
        elif kind == "bool":
            value = bool(value)
        elif kind.startswith("tuple"):
            value = tuple(json.loads(value))
        values.append(value)
    return record(*values)
