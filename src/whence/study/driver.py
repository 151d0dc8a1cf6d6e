"""The driver: it alone writes the ledger; it takes what is done, runs what is missing, exports as it goes."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from whence.errors import WhenceError
from whence.study import job as jobs
from whence.study.collect import measured
from whence.study.engine import Engine
from whence.study.experience import remember_study
from whence.study.job import Job, State
from whence.study.ledger import NAME, Ledger
from whence.study.memory import settled_plan
from whence.study.plan import Entry, Plan
from whence.study.preflight import look_over
from whence.study.progress import Progress, Say, describe
from whence.study.tables import export_tables, import_tables


@dataclass
class Status:
    """Where a study stands."""

    done: int = 0
    failed: int = 0
    waiting: int = 0
    failures: list[dict[str, str]] = field(default_factory=list)


def run(plan: Plan, folder: Path, engine: Engine, say: Say = lambda line: None) -> Status:
    """Run what is missing of a study, keeping its ledger and tables in `folder`.

    First its data are looked over: see `whence.study.preflight`, which raises `InputError` for leakage.
    What the ledger, the exported tables or job folders hold already is not done again. Failed jobs are tried
    once more. Returns where the study stands at the end; failures are in it, not raised.
    """
    look_over(plan, say)
    with _only_driver(folder), Ledger(folder / NAME) as ledger:
        jobs.sweep()
        plan = take_what_is_done(plan, folder, ledger)
        missing = missing_entries(plan, ledger)
        if missing:
            total = len(plan.entries)
            say(f"{total - len(missing)} of {total} jobs are done, {len(missing)} to do")
        while missing:
            engine.run([entry.job for entry in missing], _Book(plan, folder, ledger, missing, say).ended)
            plan, before = settled_plan(plan, ledger.jobs()), plan
            missing = [entry for entry in missing_entries(plan, ledger) if entry.job.key not in before.keys]
            if missing:
                say(f"{len(missing)} jobs again, with fewer images at a time: memory ran out")
        export_tables(ledger, folder, plan.keys)
        remember_study(plan, ledger, folder)
        return status(plan, ledger.jobs())


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


def take_what_is_done(plan: Plan, folder: Path, ledger: Ledger) -> Plan:
    """Bring the ledger up to date with the exported tables and the job folders; return the plan as it stands then."""
    known = ledger.jobs()
    ledger.add(one for one in import_tables(folder) if one.row.job not in known)
    known = ledger.jobs()
    plan = settled_plan(plan, known)
    for entry in plan.entries:
        if entry.job.key not in known and entry.job.state == "done":
            ledger.add([measured(entry, plan.study.name)])
    return plan


def missing_entries(plan: Plan, ledger: Ledger) -> list[Entry]:
    """What is still to be run: outcomes not in the ledger, and the pretrainings that they, or the tables, need.

    A pretraining whose row is known but whose checkpoint is lost is repeated only for a missing outcome.
    """
    known = ledger.jobs()
    outcomes = [entry for entry in plan.finetunings if entry.job.key not in known]
    needed = {key for entry in outcomes for key in entry.job.needs}
    pretrainings = [
        entry
        for entry in plan.pretrainings
        if entry.job.key not in known or (entry.job.key in needed and entry.job.state != "done")
    ]
    return [*pretrainings, *outcomes]


def status(plan: Plan, known: set[str]) -> Status:
    """Count what is done (its key is among `known`), failed and waiting, with the reasons."""
    found = Status()
    for entry in plan.entries:
        if entry.job.key in known:
            found.done += 1
        elif entry.job.state == "failed":
            found.failed += 1
            found.failures.append({"job": describe(entry), "reason": entry.job.reason})
        else:
            found.waiting += 1
    return found


class _Book:
    """Writes down each job as it ends, and exports the tables whenever a source is complete."""

    def __init__(self, plan: Plan, folder: Path, ledger: Ledger, missing: list[Entry], say: Say) -> None:
        self.plan, self.folder, self.ledger = plan, folder, ledger
        self.open = {entry.source: 0 for entry in missing}
        for entry in missing:
            self.open[entry.source] += 1
        self.progress = Progress(missing, say)

    def ended(self, job: Job, state: State) -> None:
        entry, found = self.progress.entries[job.key], None
        if state == "done":
            found = measured(entry, self.plan.study.name)
            self.ledger.add([found])
        self.progress.tell(entry, found.row if found else None)
        self.open[entry.source] -= 1
        if not self.open[entry.source]:
            export_tables(self.ledger, self.folder, self.plan.keys)


@contextmanager
def _only_driver(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ".driver.lock"
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise WhenceError(
                f"another whence (process {lock.read().strip() or 'unknown'}) is running the study in {folder}; "
                f"wait for it, or end it and type the same command again"
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
