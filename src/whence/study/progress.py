"""Progress in words: what has ended, how it went, and how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from whence.records import Outcome, Pretraining
from whence.study.plan import Entry

Say = Callable[[str], None]


class Progress:
    """Tells of each job of a plan as it ends, with the time left from the throughput measured so far."""

    def __init__(self, entries: Sequence[Entry], say: Say) -> None:
        """Start the clock on `entries`; `say` takes one line at a time."""
        self.entries = {entry.job.key: entry for entry in entries}
        self.total, self.spent, self.ended = sum(entry.job.cost for entry in entries), 0.0, 0
        self.started, self.say = time.monotonic(), say

    def tell(self, entry: Entry, row: Outcome | Pretraining | None) -> None:
        """Say how one job ended; `row` is what it measured, None if it failed."""
        self.spent += entry.job.cost
        self.ended += 1
        result = f"AUC {row.auc:.3f} ({row.seconds:.0f} s)" if row else f"failed: {entry.job.reason}"
        left = (time.monotonic() - self.started) * (self.total - self.spent) / self.spent
        ahead = f"; about {in_words(left)} left" if self.ended < len(self.entries) else ""
        self.say(f"{self.ended}/{len(self.entries)} {describe(entry)}: {result}{ahead}")


def describe(entry: Entry) -> str:
    """A job in words."""
    settings = f"({entry.backbone}, {entry.recipe}, seed {entry.seed})"
    if entry.job.kind == "pretrain":
        return f"pretrain on {entry.source} {settings}"
    return f"{entry.source} → {entry.target}, fold {entry.fold + 1} {settings}"


def in_words(seconds: float) -> str:
    """A duration as a person would say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"
