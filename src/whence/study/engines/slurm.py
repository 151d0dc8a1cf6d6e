"""`slurm`: a cluster under Slurm, through submitit: every wave of jobs that can run is one job array."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from whence.paths import home
from whence.study import job as jobs
from whence.study.engines._worker import NOT_WRITTEN_ADVICE
from whence.study.engines.contract import Ended, EngineKind, Options, extra
from whence.study.job import Job
from whence.study.work import do_job

ASKED = 10.0  # seconds between two questions to Slurm about the same job


class SlurmOptions(Options):
    """What can be set of `slurm`; `slurm` itself takes anything that submitit's `slurm_*` parameters do."""

    workers: Annotated[int, Field(ge=1)] | None = (
        100  # of one study in the queue at a time, and of an array running
    )
    executor: Literal["slurm", "local", "debug"] = "slurm"  # submitit's: processes here, or this process
    timeout_min: Annotated[int, Field(ge=1)] = 24 * 60
    mem_gb: Annotated[float, Field(gt=0)] = 8.0
    cpus_per_task: Annotated[int, Field(ge=1)] = 1
    gpus_per_node: Annotated[int, Field(ge=0)] | None = None  # per job; None: one where jobs use it
    slurm: dict[str, Any] = Field({})  # such as {partition: gpu, account: lab, constraint: a100}


class Slurm:
    """Jobs as tasks of Slurm arrays, in job folders that the nodes share with this machine."""

    def __init__(self, options: SlurmOptions, device: str) -> None:
        """Prepare to submit; nothing is asked of Slurm yet."""
        submitit: Any = extra("submitit", "slurm")
        self.retries, self.slots = options.retries, options.workers or 100
        self.inside = options.executor == "debug"
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-", dir=_made(home() / "engines")))
        self.executor = submitit.AutoExecutor(folder=str(self.folder / "%j"), cluster=options.executor)
        gpus = options.gpus_per_node if options.gpus_per_node is not None else int(device == "cuda")
        parameters: dict[str, Any] = {
            "name": "whence",
            "timeout_min": options.timeout_min,
            "mem_gb": options.mem_gb,
            "cpus_per_task": options.cpus_per_task,
            "slurm_array_parallelism": self.slots,
            **{f"slurm_{name}": value for name, value in options.slurm.items()},
        }
        self.executor.update_parameters(**parameters, **({"gpus_per_node": gpus} if gpus else {}))
        self.running: list[tuple[Job, Any, float]] = []  # job, submitit's handle, when Slurm was asked last

    def start(self, plan: Sequence[Job]) -> None:
        """Submit one array."""
        documents = [jobs.as_document(job) for job in plan]
        if documents:
            handles = self.executor.map_array(
                do, documents, [str(home())] * len(documents), [self.inside] * len(documents)
            )
            self.running += [(job, handle, 0.0) for job, handle in zip(plan, handles, strict=True)]

    def ended(self, seconds: float) -> list[Ended]:
        """Look into the job folders; ask Slurm only now and then, about those that say nothing."""
        until = time.monotonic() + seconds
        while not (found := [one for one in map(self._look, range(len(self.running))) if one]):
            if time.monotonic() >= until:
                break
            time.sleep(min(0.2, seconds))
        keys = {ended.job.key for ended in found}
        self.running = [one for one in self.running if one[0].key not in keys]
        return found

    def stop(self, grace: float) -> None:
        """Cancel what is queued or runs; Slurm itself gives it 30 seconds to keep its state."""
        for _, handle, _ in self.running:
            handle.cancel()
        until = time.monotonic() + grace
        for _, handle, _ in self.running:
            while not handle.done() and time.monotonic() < until:
                time.sleep(0.1)
        self.running.clear()

    def close(self) -> None:
        """Delete what submitit wrote for itself: what jobs left is in their folders."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _look(self, position: int) -> Ended | None:
        job, handle, asked = self.running[position]
        if job.state != "waiting":
            return Ended(job)
        if time.monotonic() - asked < ASKED:
            return None
        self.running[position] = job, handle, time.monotonic()
        if not (self.inside or handle.done()):
            return None
        error = handle.exception()  # submitit's debug executor runs the task when it is asked this
        if job.state != "waiting":
            return Ended(job)
        reason = " ".join(str(error).split())[-300:] if error else str(handle.result())
        return Ended(job, f"Slurm ended it without a result: {reason}", lost=error is not None)


def do(document: dict[str, Any], there: str, inside: bool) -> str:
    """What a task does on its node; the word that it returns says why there is no result, if there is none."""
    import os

    from whence.study.engines._worker import stop_when_asked
    from whence.training.stopping import Stopped

    os.environ["WHENCE_HOME"] = there
    job = jobs.job_of(document)
    if not inside:
        stop_when_asked()
    try:
        do_job(job, "slurm")
    except Stopped:
        return "it was asked to stop"
    except OSError as error:
        return f"it could not be written ({error}); {NOT_WRITTEN_ADVICE}"
    return ""


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


ENGINE = EngineKind("slurm", "Slurm job arrays through submitit (extra: slurm)", Slurm, options=SlurmOptions)
