"""`inline`: one job after the other in this process, for debugging."""

from __future__ import annotations

from collections.abc import Sequence

from whence.study.engines.contract import Ended, EngineKind, Options
from whence.study.job import Job
from whence.study.work import do_job


class Inline:
    """Runs the job it was given when it is asked what has ended."""

    slots = 1
    retries = 0

    def __init__(self) -> None:
        """There is nothing to set up."""
        self.waiting: list[Job] = []

    def start(self, plan: Sequence[Job]) -> None:
        """Take the job; it is run by `ended`."""
        self.waiting += plan

    def ended(self, seconds: float) -> list[Ended]:
        """Run the job that waits, however long it takes."""
        job = self.waiting.pop(0)
        do_job(job, "inline")
        return [Ended(job)]

    def stop(self, grace: float) -> None:
        """Forget the job that waits: what ran was in this very process."""
        self.waiting.clear()

    def close(self) -> None:
        """There is nothing to give back."""


def make(options: Options, device: str) -> Inline:
    """The engine; it has no use for any option."""
    return Inline()


ENGINE = EngineKind("inline", "one job after the other in this process: for debugging", make)
