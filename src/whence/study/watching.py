"""Who looks on while a study runs: lines, bars on a terminal, a tracking server. None of them can change its course."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from whence.records import CurvePoint
from whence.study.ledger import Measured
from whence.study.plan import Entry

Say = Callable[[str], None]


class Watcher:
    """Is told what happens, in the driver's own thread, and does nothing unless a subclass does."""

    def begin(self, missing: Sequence[Entry], done: Sequence[Entry]) -> None:
        """These jobs are to be run; those are done already. May come again, with smaller jobs in larger ones' place."""

    def started(self, entry: Entry) -> None:
        """A job has begun, for the first time or again."""

    def epoch(self, entry: Entry, point: CurvePoint) -> None:
        """An epoch of a running job has ended."""

    def ended(self, entry: Entry, found: Measured | None, reason: str) -> None:
        """A job is done, with what it measured; or it has failed, for a reason."""

    def close(self) -> None:
        """The run has ended, however."""
