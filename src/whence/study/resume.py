"""Where a job that can be cut off keeps its state: a folder beside the job's own, held by one process at a time.

`$WHENCE_HOME/jobs/KIND/.KEY.state/` outlives the process; the next one that does the job takes it up. It goes when
the job is done, when the work itself has failed, or when nobody has come back to it for `FORGOTTEN` days.
"""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FORGOTTEN = 30.0  # days
_SUFFIX = ".state"


def state_folder(job_folder: Path) -> Path:
    """The folder of the state of the job in `job_folder`."""
    return job_folder.with_name(f".{job_folder.name}{_SUFFIX}")


@contextmanager
def state_file(job_folder: Path) -> Iterator[Path | None]:
    """The file in which this process may keep the job's state; None while another one is at work on the same job.

    The lock goes with the process, however that ends.
    """
    folder = state_folder(job_folder)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield None
            return
        for half in folder.glob(".*.tmp"):  # a kill while the state was written
            half.unlink(missing_ok=True)
        yield folder / "state.pt"


def forget_state(job_folder: Path) -> None:
    """Delete the state of a job, if there is any."""
    shutil.rmtree(state_folder(job_folder), ignore_errors=True)


def sweep_states(jobs: Path) -> int:
    """Delete the states below `jobs` whose job is done or to which nobody has come back; return how many."""
    swept = 0
    for folder in jobs.glob(f"*/.*{_SUFFIX}"):
        job_folder = folder.with_name(folder.name[1 : -len(_SUFFIX)])
        age = (time.time() - max(path.stat().st_mtime for path in (folder, *folder.iterdir()))) / 86_400
        if (job_folder / "done").exists() or age > FORGOTTEN:
            forget_state(job_folder)
            swept += 1
    return swept


def held(job_folder: Path) -> bool:
    """Whether a process of this machine is at work on the job in `job_folder`."""
    try:
        with (state_folder(job_folder) / "lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
