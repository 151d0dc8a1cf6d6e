"""Ledgers of earlier versions, brought up to date step by step, each in one transaction with the version's number.

To change a table: change its record, raise `SCHEMA`, add a step here that brings a ledger of the version before to
the new one, and a test that starts from a ledger as that version wrote it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import fields

from whence.records import CurvePoint, Outcome, Pretraining

SCHEMA = 4
SQL_TYPES = {"int": "INTEGER", "float": "REAL", "bool": "INTEGER"}


def migrate(connection: sqlite3.Connection, found: int) -> None:
    """Bring tables of schema `found` to `SCHEMA`; to be called inside a transaction."""
    for version in range(found, SCHEMA):
        STEPS[version](connection)


def add_columns(connection: sqlite3.Connection, table: str, record: type) -> None:
    """Give a table the columns that its record has now, empty in the rows that are there."""
    there = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    for field in fields(record):
        if field.name not in there:
            kind = SQL_TYPES.get(str(field.type), "TEXT NOT NULL DEFAULT ''")
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {field.name} {kind}")


def _energy(connection: sqlite3.Connection) -> None:
    """1 → 2: what a job used of energy, unknown for those before."""
    add_columns(connection, "outcomes", Outcome)
    add_columns(connection, "pretrainings", Pretraining)


def _accuracies(connection: sqlite3.Connection) -> None:
    """2 → 3: accuracy on training and validation images after every epoch."""
    add_columns(connection, "curves", CurvePoint)


def _engines(connection: sqlite3.Connection) -> None:
    """3 → 4: which engine ran a job, unknown for those before."""
    add_columns(connection, "outcomes", Outcome)
    add_columns(connection, "pretrainings", Pretraining)


STEPS: dict[int, Callable[[sqlite3.Connection], None]] = {1: _energy, 2: _accuracies, 3: _engines}
