"""`local`: this machine, each job in a process of its own, so that a killed one harms no other."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import ModuleType

from whence.data.threads import usable_cores
from whence.paths import home
from whence.study.engines._worker import NOT_WRITTEN, NOT_WRITTEN_ADVICE, STOPPED, work_in_process
from whence.study.engines.contract import RETRIES, Ended, EngineKind, Options
from whence.study.job import Job

# Imported once by the fork server, so that a job starts in a tenth of a second. None of them touches a GPU.
PRELOADED = ["timm", "whence.training.fitting", "whence.study.engines._worker", "sklearn.model_selection"]
DEFERRED = (signal.SIGINT, signal.SIGTERM)


class Local:
    """Runs jobs in slots. With GPUs, a slot sees one of them: as many slots as GPUs, or more that share them."""

    def __init__(self, workers: int | None = None, gpus: Sequence[str] = (), retries: int = RETRIES) -> None:
        """Use `workers` processes at a time, by default one per GPU, or one per core that this process may use."""
        self.slots = workers or len(gpus) or usable_cores()
        self.gpus, self.retries = list(gpus), retries
        self.free = list(range(self.slots))
        self.running: dict[BaseProcess, tuple[Job, int]] = {}
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(PRELOADED)

    def start(self, plan: Sequence[Job]) -> None:
        """Start a process for each job."""
        for job in plan:
            slot = self.free.pop(0)
            environment = dict(os.environ)
            if self.gpus:
                environment["CUDA_VISIBLE_DEVICES"] = self.gpus[slot % len(self.gpus)]
            worker = self.context.Process(
                target=work_in_process, args=(job, environment), name=f"whence {job.kind} {job.key[:8]}"
            )
            with _main_module_hidden(), _signals_deferred():
                worker.start()
                self.running[worker] = job, slot

    def ended(self, seconds: float) -> list[Ended]:
        """Wait for the first process to end."""
        wait([process.sentinel for process in self.running], seconds)
        found = []
        for process in [process for process in self.running if process.exitcode is not None]:
            job, slot = self.running.pop(process)
            self.free.append(slot)
            found.append(_told(job, process.exitcode))
        return found

    def stop(self, grace: float) -> None:
        """Ask every process to keep its state and end; kill it when time is up, or at another Ctrl-C."""
        try:
            for process in self.running:
                process.terminate()
            until = time.monotonic() + grace
            for process in self.running:
                process.join(max(0.0, until - time.monotonic()))
        finally:
            for process in self.running:
                process.kill()
            for process in self.running:
                process.join()
            self.running.clear()
            self.free = list(range(self.slots))

    def close(self) -> None:
        """The fork server ends with this process."""


def visible_gpus() -> list[str]:
    """The GPUs that this process may use, as `CUDA_VISIBLE_DEVICES` names them. No CUDA context is made."""
    import torch

    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [name for name in named.split(",") if name]
    return [str(number) for number in range(torch.cuda.device_count())]


def make(options: Options, device: str) -> Local:
    """The engine for jobs on this device."""
    return Local(options.workers, visible_gpus() if device == "cuda" else (), options.retries)


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
def _signals_deferred() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait until the block ends: a process that is half started would belong to nobody.

    The mask is for the processes that are started, which inherit it. It does not hold back a signal that reaches
    another thread, whose handler then runs in this one: so the handlers wait, too.
    """
    came: list[int] = []
    before = signal.pthread_sigmask(signal.SIG_BLOCK, DEFERRED)
    ours = _of_python() if threading.current_thread() is threading.main_thread() else []
    handlers = {one: signal.signal(one, lambda number, frame: came.append(number)) for one in ours}
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for one, handler in handlers.items():
            signal.signal(one, handler)
        if came:
            signal.raise_signal(came[0])


def _of_python() -> list[signal.Signals]:
    """Those of the signals whose handlers can be put back: one that a library in C has set cannot."""
    return [one for one in DEFERRED if signal.getsignal(one) is not None]


def _told(job: Job, code: int | None) -> Ended:
    if job.state != "waiting":
        return Ended(job)
    if code is not None and code < 0:
        maybe = " (out of memory?)" if code == -signal.SIGKILL else ""
        return Ended(job, f"its process was killed by signal {-code}{maybe}", lost=True)
    if code == STOPPED:
        return Ended(job, "its process was asked to stop by SIGTERM", lost=True)
    if code == NOT_WRITTEN:
        return Ended(job, f"its result could not be written below {home()}; {NOT_WRITTEN_ADVICE}")
    return Ended(job, f"its process ended with exit code {code} and no result")


ENGINE = EngineKind("local", "this machine: one job per GPU or core, each in its own process", make)
