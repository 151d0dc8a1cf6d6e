"""`ray`: a Ray cluster by its address, or one that is started here for the time of the run."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from whence.data.threads import usable_cores
from whence.errors import WhenceError
from whence.paths import home
from whence.study import job as jobs
from whence.study.engines._parcels import Parcels
from whence.study.engines._worker import NOT_WRITTEN_ADVICE, THREADS
from whence.study.engines.contract import Ended, EngineKind, Options, extra
from whence.study.job import Job, job_folder
from whence.study.work import do_job

STORE = 100 << 20  # bytes of Ray's object store: jobs pass words through it, results go by folder
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DEDUP_LOGS": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


class RayOptions(Options):
    """What can be set of `ray`."""

    address: str | None = (
        None  # of a running cluster, as ray.init takes it; None: one is started on this machine
    )
    num_cpus: Annotated[float, Field(gt=0)] = 1.0  # per job
    num_gpus: Annotated[float, Field(ge=0)] | None = (
        None  # per job, also a part of one; None: one where jobs use it
    )
    max_retries: Annotated[int, Field(ge=0)] = 3  # Ray's own, for a worker or node that is lost
    storage: str | None = (
        None  # an fsspec URL for job folders, where the nodes share no folder with this machine
    )
    home: str | None = None  # the nodes' WHENCE_HOME; None: this machine's, which they then share


class Ray:
    """Jobs as Ray's tasks. Ray tries a lost one again by itself, on any node."""

    retries = 0

    def __init__(self, options: RayOptions, device: str) -> None:
        """Join the cluster, or start one that only this machine can reach."""
        os.environ.update(QUIET)  # before the import, at which Ray reads them
        self.ray: Any = extra("ray", "ray")
        self.options = options
        self.gpus = options.num_gpus if options.num_gpus is not None else float(device == "cuda")
        self.parcels = Parcels(options.storage) if options.storage else None
        self.running: dict[Any, Job] = {}
        self._join()
        self.task = self.ray.remote(
            num_cpus=options.num_cpus, num_gpus=self.gpus, max_retries=options.max_retries
        )(do)

    @property
    def slots(self) -> int:
        """As many jobs as the cluster has processors and GPUs for, now: nodes may come and go."""
        there = self.ray.cluster_resources()
        room = there.get("CPU", 0.0) / self.options.num_cpus
        if self.gpus:
            room = min(room, there.get("GPU", 0.0) / self.gpus)
        return max(1, int(room)) if self.options.workers is None else self.options.workers

    def start(self, plan: Sequence[Job]) -> None:
        """Hand the jobs to Ray."""
        for job in plan:
            if self.parcels:
                for kind, key in _needs(job):
                    if not self.parcels.has(kind, key):
                        self.parcels.send(jobs.read_job(job_folder(kind, key)))
            threads = str(job.inputs.get("threads", 1))
            environment = {"env_vars": dict.fromkeys(THREADS, threads)}
            there = self.options.home or str(home())
            reference = self.task.options(runtime_env=environment).remote(
                jobs.as_document(job), there, self.options.storage
            )
            self.running[reference] = job

    def ended(self, seconds: float) -> list[Ended]:
        """Ask Ray which tasks have ended."""
        ready, _ = self.ray.wait(list(self.running), num_returns=len(self.running), timeout=seconds)
        return [self._told(reference, self.running.pop(reference)) for reference in ready]

    def stop(self, grace: float) -> None:
        """Ask the tasks to keep their state and end, then end them."""
        try:
            for reference in self.running:
                self.ray.cancel(reference, force=False)
            if self.running:
                self.ray.wait(list(self.running), num_returns=len(self.running), timeout=grace)
        finally:
            for reference in self.running:
                self.ray.cancel(reference, force=True)
            self.running.clear()

    def close(self) -> None:
        """Leave the cluster, or end the one that was started here."""
        self.ray.shutdown()

    def _join(self) -> None:
        plain: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        if self.options.address:
            self.ray.init(address=self.options.address, **plain)
            return
        self.ray.init(
            num_cpus=self.options.workers or usable_cores(),
            include_dashboard=False,
            object_store_memory=STORE,
            _node_ip_address="127.0.0.1",
            **plain,
        )

    def _told(self, reference: Any, job: Job) -> Ended:
        try:
            state, reason = self.ray.get(reference)
        except self.ray.exceptions.RayTaskError as error:
            return Ended(job, f"its task failed: {error.cause}")
        except self.ray.exceptions.RayError as error:
            words = " ".join(str(error).split())[:300]
            return Ended(job, f"lost {self.options.max_retries + 1} times, the last time: {words}", lost=True)
        if self.parcels and job.state != "done":
            jobs.forget_failure(job)
            try:
                self.parcels.fetch(job.kind, job.key)
            except (WhenceError, OSError) as error:
                return Ended(job, f"its result did not arrive: {error}")
            finally:
                if state != "done":
                    self.parcels.forget(job.kind, job.key)
        return Ended(job, reason if state == "waiting" else "")


def do(document: dict[str, Any], there: str, storage: str | None) -> tuple[str, str]:
    """What a task does on its node: the job in its folder, brought and sent where folders are not shared."""
    from whence.training.stopping import Stopped

    os.environ["WHENCE_HOME"] = there
    job = jobs.job_of(document)
    parcels = Parcels(storage) if storage else None
    if parcels:
        for kind, key in _needs(job):
            if not (job_folder(kind, key) / "done").exists():
                parcels.fetch(kind, key)
    _stop_when_cancelled()
    try:
        state = do_job(job, "ray")
    except Stopped:
        return "waiting", "it was asked to stop"
    except OSError as error:
        return "waiting", f"its result could not be written ({error}); {NOT_WRITTEN_ADVICE}"
    if parcels:
        parcels.send(job)
    return state, ""


def _needs(job: Job) -> list[tuple[str, str]]:
    """Kind and key of the jobs whose folders a job reads."""
    return [("pretrain", key) for key in job.needs]


def _stop_when_cancelled() -> None:
    """Ray interrupts a task that is cancelled as Ctrl-C would: the training keeps its state first."""
    from whence.training.stopping import ask_to_stop

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, lambda number, frame: ask_to_stop())


ENGINE = EngineKind(
    "ray", "a Ray cluster, or one started on this machine (extra: ray)", Ray, options=RayOptions
)
