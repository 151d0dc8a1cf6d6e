"""Engines run a plan's jobs: `local`, a process per job and slot, and `inline`, in this process for debugging."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Protocol

from whence.study import job as jobs
from whence.study.job import Job, State
from whence.study.processes import end_with_parent
from whence.study.work import work_of

# Imported once by the fork server, so that a job starts in a tenth of a second. None of them touches a GPU.
PRELOADED = ["timm", "whence.training.fitting", "whence.study.work", "sklearn.model_selection"]

OnEnd = Callable[[Job, State], None]


class Engine(Protocol):
    """Runs jobs whose needs are met, each at most once, and tells of each as it ends."""

    def run(self, plan: Sequence[Job], on_end: OnEnd) -> None:
        """Run every job of `plan` that can be run; `on_end` is called in the driver, in the order of ending."""
        ...


class Inline:
    """Runs jobs one after the other in this process: for debugging and for tests of the plan."""

    def run(self, plan: Sequence[Job], on_end: OnEnd) -> None:
        """Run the jobs in the order in which their needs are met."""
        queue = Queue(plan)
        while (job := queue.take()) is not None:
            state = jobs.run(job, work_of(job.kind))
            queue.ended(job, state)
            on_end(job, state)


class Local:
    """Runs jobs on this machine, each in a process of its own: a killed one harms no other."""

    def __init__(self, workers: int | None = None) -> None:
        """Use `workers` processes at a time, by default one per core that this process may use."""
        self.workers = workers or len(os.sched_getaffinity(0))

    def run(self, plan: Sequence[Job], on_end: OnEnd) -> None:
        """Run the jobs; when this call is interrupted, its processes are ended before it returns."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        queue, running = Queue(plan), dict[BaseProcess, Job]()
        try:
            while True:
                while len(running) < self.workers and (job := queue.take()) is not None:
                    worker = context.Process(
                        target=_worker,
                        args=(job, dict(os.environ)),
                        name=f"whence {job.kind} {job.key[:8]}",
                    )
                    with _main_module_hidden(), _interrupt_deferred():
                        worker.start()
                        running[worker] = job
                if not running:
                    return
                wait([process.sentinel for process in running])
                for process in [process for process in running if process.exitcode is not None]:
                    job = running.pop(process)
                    if job.state == "waiting":
                        jobs.mark_failed(job, _how_it_ended(process.exitcode))
                    queue.ended(job, job.state)
                    on_end(job, job.state)
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.join()
            if running:
                jobs.sweep()


class Queue:
    """The jobs still to be taken: in the plan's order, a job only after all that it needs are done."""

    def __init__(self, plan: Iterable[Job]) -> None:
        """Start with every job of `plan` untaken."""
        self.waiting = list(plan)
        self.planned = {job.key for job in self.waiting}
        self.done: set[str] = set()

    def take(self) -> Job | None:
        """The next job whose needs are done (or lie outside this plan), or None if there is none now."""
        for position, job in enumerate(self.waiting):
            if all(key in self.done or key not in self.planned for key in job.needs):
                return self.waiting.pop(position)
        return None

    def ended(self, job: Job, state: State) -> None:
        """Note how a job ended; what needs a failed one is never taken."""
        if state == "done":
            self.done.add(job.key)


@contextmanager
def _main_module_hidden() -> Iterator[None]:
    """A started process imports its parent's main module again: a script without a main guard would run anew.

    Jobs need nothing of it, so they are shown an empty one.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _interrupt_deferred() -> Iterator[None]:
    """Let Ctrl-C wait until the block ends: a process that is half started would print a traceback of its own."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _worker(job: Job, environment: dict[str, str]) -> None:
    """Run a job in the driver's environment, which may have changed since the fork server started."""
    end_with_parent()
    os.environ.update(environment)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(job.inputs.get("threads", 1))
    jobs.run(job, work_of(job.kind))


def _how_it_ended(code: int | None) -> str:
    if code is not None and code < 0:
        return (
            f"its process was killed by signal {-code}{' (out of memory?)' if code == -9 else ''}; run again"
        )
    return f"its process ended with exit code {code} and no result; run again"
