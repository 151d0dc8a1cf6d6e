"""What is known of a study, from its ledger, its exported tables and the job folders, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from whence.study.collect import measured
from whence.study.ledger import Ledger, Measured
from whence.study.memory import settled_plan
from whence.study.plan import Entry, Plan
from whence.study.tables import import_tables
from whence.study.words import describe


@dataclass
class Status:
    """Where a study stands."""

    done: int = 0
    failed: int = 0
    waiting: int = 0
    failures: list[dict[str, str]] = field(default_factory=list)  # job (in words), reason, key


def look(plan: Plan, folder: Path) -> Status:
    """Where a study stands, read from its ledger, tables and job folders; nothing is run or written."""
    with all_that_is_known(plan, folder) as (plan, ledger):
        return status(plan, ledger.jobs())


@contextmanager
def all_that_is_known(plan: Plan, folder: Path) -> Iterator[tuple[Plan, Ledger]]:
    """The plan as it stands, and a ledger in memory with what ledger, exported tables and job folders hold.

    Nothing is written to the study's folder.
    """
    with Ledger.of_study(folder) as kept, Ledger(None) as ledger:
        kept.connection.backup(ledger.connection)
        yield take_what_is_done(plan, folder, ledger), ledger


def measured_so_far(plan: Plan, folder: Path) -> tuple[Plan, list[Measured]]:
    """The plan as it stands, and what was measured of the jobs that it asks for; nothing is written."""
    with all_that_is_known(plan, folder) as (plan, ledger):
        keys = plan.keys
        return plan, [one for one in ledger.measured() if one.row.job in keys]


def take_what_is_done(plan: Plan, folder: Path, ledger: Ledger) -> Plan:
    """Bring the ledger up to date with the exported tables and the job folders; return the plan as it stands then."""
    known = ledger.jobs()
    ledger.add(one for one in import_tables(folder) if one.row.job not in known)
    known = ledger.jobs()
    plan = settled_plan(plan, known)
    ledger.add(
        measured(entry, plan.study.name)
        for entry in plan.entries
        if entry.job.key not in known and entry.job.state == "done"
    )
    return plan


def missing_entries(plan: Plan, known: set[str], wanted: set[str] | None = None) -> list[Entry]:
    """What is still to be run: outcomes that are not known, and the pretrainings that they, or the tables, need.

    `known` are the keys of jobs whose rows are at hand. A pretraining whose row is known but whose checkpoint is lost
    is repeated only for a missing outcome. `wanted` are the words of jobs to which this is narrowed down, with what
    they need.
    """
    absent = {
        entry.job.key
        for entry in plan.entries
        if entry.job.key not in known and (wanted is None or describe(entry) in wanted)
    }
    outcomes = [entry for entry in plan.finetunings if entry.job.key in absent]
    needed = {key for entry in outcomes for key in entry.job.needs}
    pretrainings = [
        entry
        for entry in plan.pretrainings
        if entry.job.key in absent or (entry.job.key in needed and entry.job.state != "done")
    ]
    return [*pretrainings, *outcomes]


def status(plan: Plan, known: set[str], reasons: dict[str, str] | None = None) -> Status:
    """Count what is done (its key is among `known`), failed and waiting, with the reasons.

    `reasons` are those of failures that could not be written down in their job's folder.
    """
    found = Status()
    for entry in plan.entries:
        reason = entry.job.reason or (reasons or {}).get(entry.job.key, "")
        if entry.job.key in known:
            found.done += 1
        elif reason:
            found.failed += 1
            found.failures.append({"job": describe(entry), "reason": reason, "key": entry.job.key})
        else:
            found.waiting += 1
    return found
