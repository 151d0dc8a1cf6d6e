"""The driver: it alone writes the ledger; it takes what is done, runs what is missing, exports as it goes."""

from __future__ import annotations

import math
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from whence.errors import WorkFailed
from whence.paths import sweep
from whence.records import CurvePoint
from whence.study import job as jobs
from whence.study.collect import measured
from whence.study.engines import Engine
from whence.study.experience import remember_study
from whence.study.job import Job
from whence.study.known import Status, missing_entries, status, take_what_is_done
from whence.study.ledger import NAME, Ledger, Measured
from whence.study.lock import Lock, only_driver
from whence.study.memory import settled_plan
from whence.study.plan import Entry, Plan
from whence.study.preflight import look_over
from whence.study.progress import Lines
from whence.study.scheduler import Listener, run_jobs
from whence.study.selection import selected
from whence.study.tables import export_tables
from whence.study.throughput import Throughput
from whence.study.watching import Say, Watcher
from whence.study.words import describe

EXPORTING = 0.02  # of a run's time that writing its tables may take, apart from the last time


def run(
    plan: Plan,
    folder: Path,
    engine: Engine,
    say: Say = lambda line: None,
    *,
    watchers: Sequence[Watcher] = (),
    only: Sequence[str] = (),
    max_hours: float = math.inf,
    remember: bool = True,
) -> Status:
    """Run what is missing of a study, keeping its ledger and tables in `folder`.

    First its data are looked over: see `whence.study.preflight`, which raises `InputError` for leakage.
    What the ledger, the exported tables or job folders hold already is not done again. Failed jobs are tried
    once more. With `only`, just the jobs so named are run, and what they need; after `max_hours` no job is begun
    that would not end in time. With `remember`, the outcomes become experience for rankings. Returns where the study
    stands at the end; failures are in it, not raised.
    """
    until, wanted = time.monotonic() + 3600 * max_hours, selected(plan, only)
    look_over(plan, say)
    throughput = Throughput.of_earlier_jobs()
    seen = [Lines(say, throughput), *watchers]
    with _sigterm_interrupts(), only_driver(folder) as lock, Ledger(folder / NAME) as ledger:
        jobs.sweep()
        sweep([folder])
        plan = take_what_is_done(plan, folder, ledger)
        book = _Book(folder, ledger, lock, seen, throughput, say)
        try:
            tried: set[str] = set()
            if not missing_entries(plan, ledger.jobs(), wanted):
                book.open_on(plan, [])  # so that watchers make good what they have missed
            while missing := [
                e for e in missing_entries(plan, ledger.jobs(), wanted) if e.job.key not in tried
            ]:
                book.open_on(plan, missing)
                run_jobs([entry.job for entry in missing], engine, book, throughput, until)
                tried |= plan.keys
                plan = settled_plan(plan, ledger.jobs())
                if time.monotonic() >= until:
                    break
        finally:
            engine.close()
            for watcher in seen:
                watcher.close()
        export_tables(ledger, folder, plan.keys)
        if remember:
            remember_study(plan, ledger, folder)
        return status(plan, ledger.jobs(), book.reasons)


class _Book(Listener):
    """Writes down each job as it ends, and exports the tables when a source is complete, but not all the time."""

    def __init__(
        self,
        folder: Path,
        ledger: Ledger,
        lock: Lock,
        watchers: Sequence[Watcher],
        throughput: Throughput,
        say: Say,
    ) -> None:
        self.folder, self.ledger, self.lock, self.watchers = folder, ledger, lock, watchers
        self.throughput, self.say = throughput, say
        self.reasons: dict[str, str] = {}
        self.next_export, self.rounds = 0.0, 0

    def open_on(self, plan: Plan, missing: list[Entry]) -> None:
        """Begin a round of jobs."""
        self.plan, self.keys = plan, plan.keys
        self.entries = {entry.job.key: entry for entry in missing}
        self.open: dict[str, int] = {}
        for entry in missing:
            self.open[entry.source] = self.open.get(entry.source, 0) + 1
        total = len(plan.entries)
        if self.rounds:
            self.say(f"{len(missing)} jobs again, with fewer images at a time: memory ran out")
        elif missing:
            self.say(f"{total - len(missing)} of {total} jobs are done, {len(missing)} to do")
        self.rounds += 1
        done = [entry for entry in plan.entries if entry.job.key not in self.entries]
        for watcher in self.watchers:
            watcher.begin(missing, done)

    def turn(self) -> None:
        """Make sure that the study is still ours."""
        self.lock.check()

    def started(self, job: Job) -> None:
        """Tell the watchers."""
        for watcher in self.watchers:
            watcher.started(self.entries[job.key])

    def epoch(self, job: Job, point: CurvePoint) -> None:
        """Tell the watchers."""
        for watcher in self.watchers:
            watcher.epoch(self.entries[job.key], point)

    def again(self, job: Job, reason: str) -> None:
        """Say what is tried again, and why."""
        self.say(f"again: {describe(self.entries[job.key])}: {reason}")

    def ended(self, job: Job, reason: str) -> None:
        """Write the job into the ledger, then tell the watchers."""
        entry, found = self.entries[job.key], None
        if reason:
            self.reasons[job.key] = reason
        else:
            found = measured(entry, self.plan.study.name)
            self._add(found)
            self.throughput.add(job)
        for watcher in self.watchers:
            watcher.ended(entry, found, reason)
        self.open[entry.source] -= 1
        if not self.open[entry.source] and time.monotonic() > self.next_export:
            began = time.monotonic()
            export_tables(self.ledger, self.folder, self.keys)
            self.next_export = time.monotonic() + (time.monotonic() - began) / EXPORTING

    def _add(self, found: Measured) -> None:
        try:
            self.ledger.add([found])
        except sqlite3.OperationalError as error:
            raise WorkFailed(
                f"{self.folder / NAME} cannot be written ({error}): is there room on the disk? What was finished is "
                "kept in its job folders; type the same command to go on"
            ) from error


@contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """Let SIGTERM, as Slurm sends it before SIGKILL, end a study as Ctrl-C does; a second one changes nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
