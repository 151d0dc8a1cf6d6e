"""Bars on a terminal while a study runs: jobs, and the epochs of those that are under way; lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from whence.cli.common import say
from whence.study.watching import Watcher

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from whence.records import CurvePoint
    from whence.study.ledger import Measured
    from whence.study.plan import Entry


@contextmanager
def shown(quiet: bool) -> Iterator[tuple[Sequence[Watcher], Callable[[str], None]]]:
    """The watchers for this terminal, and where lines go, inside the block: above the bars where there are any."""
    if quiet:
        yield (), lambda line: None
    elif not sys.stderr.isatty():
        yield (), say
    else:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unit]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=console, transient=True) as progress:
            yield [Bars(progress)], lambda line: console.print(line, markup=False, highlight=False)


class Bars(Watcher):
    """One bar for the jobs of the study, and one for the epochs of each that runs."""

    def __init__(self, progress: Progress) -> None:
        """Draw on `progress`."""
        self.progress = progress
        self.jobs = progress.add_task("jobs", total=None, unit="jobs")
        self.running: dict[str, TaskID] = {}

    def begin(self, missing: Sequence[Entry], done: Sequence[Entry]) -> None:
        """Start with what is done already."""
        self.progress.update(self.jobs, total=len(missing) + len(done), completed=len(done))

    def started(self, entry: Entry) -> None:
        """Draw a bar for the job, unless it is tried again."""
        from whence.study.words import describe

        if entry.job.key not in self.running:
            total = entry.job.inputs["recipe"]["epochs"]
            task = self.progress.add_task(describe(entry), total=total, unit="epochs")
            self.running[entry.job.key] = task

    def epoch(self, entry: Entry, point: CurvePoint) -> None:
        """Move the job's bar."""
        unit = f"epochs, loss {point.loss:.3f}, validation AUC {point.validation_auc:.3f}"
        self.progress.update(self.running[entry.job.key], completed=point.epoch, unit=unit)

    def ended(self, entry: Entry, found: Measured | None, reason: str) -> None:
        """Take the job's bar away."""
        if entry.job.key in self.running:
            self.progress.remove_task(self.running.pop(entry.job.key))
        self.progress.advance(self.jobs)
