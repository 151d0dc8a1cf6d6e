"""What a process that was started for a job does: run it, and end in a way that tells what became of it."""

from __future__ import annotations

import os
import signal
import sys

from whence.study.job import Job
from whence.study.processes import end_with_parent
from whence.study.work import do_job

NOT_WRITTEN_ADVICE = "is there room on the disk?"
NOT_WRITTEN, STOPPED = 74, 143  # exit codes: EX_IOERR of sysexits.h; ended as asked by SIGTERM
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def work_in_process(job: Job, environment: dict[str, str]) -> None:
    """Run a job in the driver's environment, which may have changed since the fork server started."""
    from whence.training.stopping import Stopped

    end_with_parent()
    os.environ.update(environment)
    os.environ.update(dict.fromkeys(THREADS, str(job.inputs.get("threads", 1))))
    stop_when_asked()
    try:
        do_job(job, "local")
    except Stopped:
        sys.exit(STOPPED)
    except OSError as error:
        print(f"{job.kind} {job.key}: {error}", file=sys.stderr)
        sys.exit(NOT_WRITTEN)


def stop_when_asked() -> None:
    """Let SIGTERM keep the training's state and end it; Ctrl-C is the driver's to pass on."""
    from whence.training.stopping import ask_to_stop

    signal.signal(signal.SIGTERM, lambda number, frame: ask_to_stop())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The fork server was started while signals were deferred, and what it starts inherits that.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
