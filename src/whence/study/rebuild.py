"""A study's ledger made anew from what it is only a copy of: job folders, and the exported tables."""

from __future__ import annotations

from pathlib import Path

from whence.errors import InputError
from whence.processes import Process
from whence.study.collect import measured
from whence.study.ledger import NAME, Ledger
from whence.study.lock import only_driver
from whence.study.memory import settled_plan
from whence.study.plan import Plan
from whence.study.tables import export_tables, import_tables

OLD = "ledger-before-rebuild.db"


def rebuild(plan: Plan, folder: Path) -> tuple[int, int]:
    """Make the ledger anew from job folders and, where a folder is gone, the study's tables.

    The old one is kept beside it, as `OLD`. Returns how many jobs the new one holds, and how many only the old one did.
    """
    path, old = folder / NAME, folder / OLD
    with only_driver(folder):
        fresh = folder / f".{NAME}.{Process.this().tag}.new.tmp"
        with Ledger(fresh) as ledger:
            done = [entry for entry in settled_plan(plan).entries if entry.job.state == "done"]
            ledger.add(measured(entry, plan.study.name) for entry in done)
            ledger.add(import_tables(folder))
            known = ledger.jobs()
        lost = _jobs_of(path) - known
        if path.exists():
            path.replace(old)
        fresh.replace(path)
        with Ledger(path) as ledger:
            export_tables(ledger, folder, settled_plan(plan, known).keys)
    return len(known), len(lost)


def _jobs_of(path: Path) -> set[str]:
    try:
        with Ledger(path if path.exists() else None) as ledger:
            return ledger.jobs()
    except InputError:
        return set()  # it cannot be read, which is why it is made anew
