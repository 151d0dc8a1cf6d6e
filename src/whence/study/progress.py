"""Progress in lines: what has ended, how it went, and how long the rest will take."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence

from whence.study.ledger import Measured
from whence.study.plan import Entry
from whence.study.throughput import Alike, Throughput, alike
from whence.study.watching import Say, Watcher
from whence.study.words import describe, in_words

__all__ = ["Lines", "Say", "TimeLeft"]


class TimeLeft:
    """How long the rest will take: the time spent so far, times what is still to do for what has been done.

    Both are counted in the seconds that such jobs take by themselves, so that workers, and what else the machine
    is busy with, are in the time spent.
    """

    def __init__(self, entries: Sequence[Entry], throughput: Throughput) -> None:
        """Start the clock on `entries`."""
        self.throughput, self.started = throughput, time.monotonic()
        self.examples = {alike(entry.job): entry.job for entry in entries}
        self.open: defaultdict[Alike, float] = defaultdict(float)
        for entry in entries:
            self.open[alike(entry.job)] += entry.job.cost
        self.spent: defaultdict[Alike, float] = defaultdict(float)

    def ended(self, entry: Entry) -> None:
        """Note that a job has ended."""
        self.open[alike(entry.job)] -= entry.job.cost
        self.spent[alike(entry.job)] += entry.job.cost

    def seconds(self) -> float | None:
        """How long the rest will take; None before the first job has ended."""
        spent, left = self._weigh(self.spent), self._weigh(self.open)
        return None if not spent else (time.monotonic() - self.started) * left / spent

    def _weigh(self, costs: dict[Alike, float]) -> float:
        return sum(
            cost * self.throughput.weight(job) / job.cost
            for kind, job in self.examples.items()
            if (cost := costs.get(kind))
        )


class Lines(Watcher):
    """Says a line as each job ends."""

    def __init__(self, say: Say, throughput: Throughput) -> None:
        """`say` takes one line at a time."""
        self.say, self.throughput = say, throughput
        self.total = self.count = 0

    def begin(self, missing: Sequence[Entry], done: Sequence[Entry]) -> None:
        """Start the clock."""
        self.total, self.count = len(missing), 0
        self.left = TimeLeft(missing, self.throughput)

    def ended(self, entry: Entry, found: Measured | None, reason: str) -> None:
        """Say how one job ended."""
        self.count += 1
        self.left.ended(entry)
        result = f"AUC {found.row.auc:.3f} ({found.row.seconds:.0f} s)" if found else f"failed: {reason}"
        seconds = self.left.seconds()
        more = f"; about {in_words(seconds)} left" if seconds is not None and self.count < self.total else ""
        self.say(f"{self.count}/{self.total} {describe(entry)}: {result}{more}")
