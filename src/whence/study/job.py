"""A job: a piece of work named by the hash of all that decides its result, in a folder of its own.

The folder `$WHENCE_HOME/jobs/KIND/KEY/` holds `job.json` (what was asked), the results, and one mark: `done`, or
`failed` with the reason in it. It appears in one rename when the work has ended, so it is never half there. What
a long job needs to go on after it was cut off stands in a folder beside it (`whence.study.resume`).
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from whence.errors import InputError, OutOfMemory, WhenceError
from whence.paths import building, home, read_json, write_json
from whence.paths import sweep as swept
from whence.study.resume import forget_state, sweep_states

State = Literal["done", "failed", "waiting"]
OUT_OF_MEMORY = "out of memory"  # the second line of such a failure's mark
Work = Callable[["Job", Path], None]


@dataclass(frozen=True)
class Job:
    """One piece of work.

    `inputs` (JSON values) decide the result and are hashed, with `version`, into the key; `locate` says where
    the inputs lie on this machine and is not. `needs` are the keys of jobs that must be done before.
    """

    kind: str
    version: int
    inputs: dict[str, Any]
    locate: dict[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    cost: float = 1.0  # in images × epochs: for the time left, not for the key

    @cached_property
    def key(self) -> str:
        """The job's name: a hash of kind, version and inputs, and of nothing else."""
        text = json.dumps([self.kind, self.version, self.inputs], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def seed(self) -> int:
        """The job's own seed, split off the study's seed (in `inputs`) by its key."""
        import numpy as np

        sequence = np.random.SeedSequence([int(self.inputs["seed"]), int(self.key, 16)])
        return int(sequence.generate_state(1, np.uint64)[0] >> 1)

    @property
    def folder(self) -> Path:
        """Where the job's result is, or will be."""
        return job_folder(self.kind, self.key)

    @property
    def state(self) -> State:
        """Whether the job is done, failed, or still to be done, by the mark in its folder."""
        if (self.folder / "done").exists():
            return "done"
        return "failed" if (self.folder / "failed").exists() else "waiting"

    @property
    def ran_out_of_memory(self) -> bool:
        """Whether the job failed because its device had no room."""
        mark = self.folder / "failed"
        return mark.exists() and OUT_OF_MEMORY in mark.read_text(encoding="utf-8").splitlines()[1:2]

    @property
    def reason(self) -> str:
        """Why the job failed, in one line; empty if it did not."""
        mark = self.folder / "failed"
        return mark.read_text(encoding="utf-8").strip().splitlines()[0] if mark.exists() else ""


def job_folder(kind: str, key: str) -> Path:
    """The folder of a job of this kind and key."""
    return home() / "jobs" / kind / key


def run(job: Job, work: Work, engine: str = "") -> State:
    """Do a job unless it is done; a failure of the work is written down as the job's result, not raised.

    An earlier failure is tried again. `engine` is written down beside what was asked.
    """
    if job.state == "done":
        return "done"
    forget_failure(job)
    of_the_work = False  # a failure that would come again from any state that was kept
    with building(job.folder) as scratch:
        write_json(scratch / "job.json", as_document(job) | {"engine": engine})
        try:
            work(job, scratch)
        except Exception as error:
            of_the_work = isinstance(error, WhenceError)
            for path in scratch.iterdir():
                if path.is_dir():
                    shutil.rmtree(path)
                elif path.name not in ("job.json", "log.txt"):
                    path.unlink()
            (scratch / "failed").write_text(_reason(error), encoding="utf-8")
        else:
            (scratch / "done").touch()
    if of_the_work or (job.folder / "done").exists():
        forget_state(job.folder)
    return job.state


def mark_failed(job: Job, reason: str) -> None:
    """Write down that a job's process ended without a result of its own."""
    if job.state == "waiting":
        with building(job.folder) as scratch:
            write_json(scratch / "job.json", as_document(job))
            (scratch / "failed").write_text(reason + "\n", encoding="utf-8")


def forget_failure(job: Job) -> None:
    """Make a failed job a waiting one again."""
    if job.state == "failed":
        shutil.rmtree(job.folder)


def as_document(job: Job) -> dict[str, Any]:
    """What `job.json` holds."""
    return {
        "kind": job.kind,
        "version": job.version,
        "inputs": job.inputs,
        "locate": job.locate,
        "needs": list(job.needs),
        "cost": job.cost,
    }


def job_of(document: dict[str, Any]) -> Job:
    """The job that such a document describes; raises `ValueError`, `KeyError` or `TypeError` if it describes none."""
    return Job(
        document["kind"],
        int(document["version"]),
        dict(document["inputs"]),
        dict(document["locate"]),
        tuple(document["needs"]),
        float(document["cost"]),
    )


def read_job(folder: Path) -> Job:
    """The job of which `folder/job.json` tells; an `InputError` if there is none."""
    path = folder / "job.json"
    if not path.is_file():
        raise InputError(f"{folder} is no job folder: it has no job.json")
    try:
        return job_of(read_json(path))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} does not describe a job ({type(error).__name__}: {error})") from error


def sweep() -> int:
    """Delete what killed processes of this machine left half done below `home()`; return how many.

    What running ones write is left alone, and so are the states from which jobs can go on: see `whence.study.resume`.
    """
    kinds = [path for path in (home() / "jobs").glob("*") if path.is_dir()]
    caches = [path for path in home().glob("*") if path.is_dir() and path.name != "jobs"]
    folders = [home(), *caches, *(path for cache in caches for path in cache.glob("*") if path.is_dir())]
    states = (home() / "jobs").glob("*/.*.state")  # one may have been cut off while it was written
    return sweep_states(home() / "jobs") + swept([*kinds, *folders, *states])


def _reason(error: Exception) -> str:
    headline = str(error) if isinstance(error, WhenceError) else f"{type(error).__name__}: {error}"
    if _disk_is_full(error):
        free = shutil.disk_usage(home()).free / 1e6
        headline += f"; {home()} has {free:,.0f} MB left: free some, raise the quota or move WHENCE_HOME"
    kind = OUT_OF_MEMORY if isinstance(error, OutOfMemory) else ""
    return " ".join(headline.split()) + f"\n{kind}\n" + "".join(traceback.format_exception(error))


def _disk_is_full(error: BaseException | None) -> bool:
    """Whether a full disk, a quota or a limit on a file's size is behind an error, however the library says so."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return True
        if any(
            told in str(error) for told in ("No space left", "Disk quota", "File too large", "os error 28)")
        ):
            return True
        error = error.__cause__ or error.__context__
    return False
