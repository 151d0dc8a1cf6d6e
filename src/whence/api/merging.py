"""Two sites' results in one folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from whence.errors import InputError

if TYPE_CHECKING:
    from whence.study.merging import Conflict


def merge_studies(first: str | Path, second: str | Path, into: str | Path) -> list[Conflict]:
    """Bring what two sites measured, in their studies' folders, into one folder: ledger and tables.

    Returns where the two disagree; there the first is kept. Raises `InputError` for a folder that holds no results.
    """
    from whence.study.ledger import NAME, Ledger
    from whence.study.merging import merge
    from whence.study.tables import export_tables, import_tables

    into = Path(into)
    if (into / NAME).exists():
        raise InputError(f"{into} holds a ledger already; give a folder that does not exist yet")
    ledgers = []
    for folder in (Path(first), Path(second)):
        ledger = Ledger(None)
        with Ledger.of_study(folder) as found:
            ledger.add(found.measured())
        ledger.add(import_tables(folder))
        if not ledger.jobs():
            raise InputError(
                f"{folder} holds no results; give the folder of a study, which holds {NAME} or its tables"
            )
        ledgers.append(ledger)
    with Ledger(into / NAME) as ledger:
        conflicts = merge(ledgers[0], ledgers[1], ledger)
        export_tables(ledger, into)
    return conflicts
