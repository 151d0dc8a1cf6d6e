"""The scheduler gives an engine its jobs: which next, what again, when to stop."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from whence.records import CurvePoint
from whence.study import job as jobs
from whence.study.engines import Engine
from whence.study.job import Job
from whence.study.journal import Reader
from whence.study.queue import Queue
from whence.study.resume import held
from whence.study.throughput import Throughput

TURN = 0.5  # seconds between two looks at what runs
GRACE = 25.0  # seconds for jobs to keep their state: Slurm gives 30 between SIGTERM and SIGKILL


class Listener:
    """Is told what happens to jobs, in the driver's own thread; does nothing unless a subclass listens."""

    def turn(self) -> None:
        """Called between any two looks; an exception ends the run."""

    def started(self, job: Job) -> None:
        """An engine has begun a job."""

    def epoch(self, job: Job, point: CurvePoint) -> None:
        """An epoch of a running job has ended."""

    def again(self, job: Job, reason: str) -> None:
        """A job ended without a result and is tried again."""

    def ended(self, job: Job, reason: str) -> None:
        """A job is done, or has failed for a `reason`."""


@dataclass
class Running:
    """What is under way, and what was tried how often."""

    journals: dict[str, Reader] = field(default_factory=dict)  # by job's key
    elsewhere: list[Job] = field(default_factory=list)  # another study of this machine has them in hand
    tries: dict[str, int] = field(default_factory=dict)


def run_jobs(
    plan: Sequence[Job],
    engine: Engine,
    listener: Listener,
    throughput: Throughput,
    until: float = math.inf,
) -> None:
    """Run every job of `plan` whose needs come to be done; none twice, unless its process or machine was lost.

    `until` is a moment of `time.monotonic()`: no job is started that is expected to end after it, and what runs then
    keeps its state and is ended. However this call ends, none of its processes is left.
    """
    queue, running = Queue(plan, throughput.weight), Running()
    by_key = {job.key: job for job in plan}
    try:
        while time.monotonic() < until:
            running.elsewhere = _look_elsewhere(running.elsewhere, queue, listener)
            taken = queue.take(engine.slots - len(running.journals), until - time.monotonic())
            busy = [job for job in taken if held(job.folder)]
            running.elsewhere += busy
            taken = [job for job in taken if job not in busy]
            engine.start(taken)
            for job in taken:
                running.journals[job.key] = Reader(job)
                listener.started(job)
            if running.journals:
                for ended in engine.ended(min(TURN, max(0.0, until - time.monotonic()))):
                    running.journals.pop(ended.job.key)
                    tries = running.tries[ended.job.key] = running.tries.get(ended.job.key, 0) + 1
                    if ended.lost and tries <= engine.retries:
                        listener.again(ended.job, ended.reason)
                        queue.put_back(ended.job)
                    else:
                        _end(ended.job, ended.reason, queue, listener)
            elif running.elsewhere:
                time.sleep(TURN)
            elif not taken:
                return
            for key, journal in running.journals.items():
                for point in journal.new():
                    listener.epoch(by_key[key], point)
            listener.turn()
    finally:
        try:
            engine.stop(GRACE)
        finally:  # a second Ctrl-C cuts the grace short
            jobs.sweep()


def _end(job: Job, reason: str, queue: Queue, listener: Listener) -> None:
    if job.state == "waiting":
        reason = f"{reason or 'it left no result'}; run again"
        try:
            jobs.mark_failed(job, reason)
        except OSError as error:  # no room even for that: the reason is told all the same
            reason = f"{reason} ({error})"
    if job.state == "done":
        queue.done(job)
    listener.ended(job, "" if job.state == "done" else job.reason or reason)


def _look_elsewhere(waiting: list[Job], queue: Queue, listener: Listener) -> list[Job]:
    """Jobs that another driver has in hand: done there, they are done here; given up there, they are taken here."""
    still = []
    for job in waiting:
        if held(job.folder):
            still.append(job)
        elif job.state == "done":
            _end(job, "", queue, listener)
        else:
            queue.put_back(job)
    return still
