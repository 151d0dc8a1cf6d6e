"""SIGKILL a training at random moments, N times, and compare its weights with those of two undisturbed runs.

    python benchmarks/kills.py [DATASET] [--kills 20] [--backbone resnet18] [--size 32] [--epochs 6] [--seed 1]

Prints the checksum of the checkpoint of two undisturbed runs and of the killed one, and exits with 1 where they differ.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time

from whence.paths import home
from whence.study import job as jobs
from whence.study.job import Job
from whence.study.resume import state_folder
from whence.study.single import pretrain_plan
from whence.study.work import work_of
from whence.training import keeping

PRELOADED = ["timm", "whence.training.fitting", "whence.study.work", "sklearn.model_selection"]


def main() -> int:
    """Run the job twice undisturbed and once with kills; 0 if all three ended with the same bytes."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("dataset", nargs="?", default="demo:histology")
    arguments.add_argument("--kills", type=int, default=20)
    arguments.add_argument("--backbone", default="resnet18")
    arguments.add_argument("--size", type=int, default=32)
    arguments.add_argument("--epochs", type=int, default=6)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    recipe = {"base": "modern", "size": given.size, "epochs": given.epochs}
    sums = []
    for kills in (0, 0, given.kills):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["WHENCE_HOME"] = folder
            job = pretrain_plan(given.dataset, given.backbone, recipe, 1, "cpu", print)[0].job
            started = time.monotonic()
            happened = run_killed(job, kills, random.Random(given.seed))
            seconds = time.monotonic() - started
            sums.append(hashlib.sha256((job.folder / "checkpoint.safetensors").read_bytes()).hexdigest())
            print(f"{happened} kills, {seconds:.1f} s: checkpoint {sums[-1][:16]}", flush=True)
    print(f"load {os.getloadavg()[0]:.1f}; {'identical' if len(set(sums)) == 1 else 'DIFFERENT'}")
    return 0 if len(set(sums)) == 1 and happened == given.kills else 1


def run_killed(job: Job, kills: int, moments: random.Random) -> int:
    """Do a job in processes that are killed at random moments after they began to train; how many were killed."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    happened = 0
    while job.state != "done":
        worker = context.Process(target=_work, args=(job, str(home()), kills > 0))
        worker.start()
        if happened < kills:
            before = _stamp(job)
            while worker.is_alive() and _stamp(job) == before:
                time.sleep(0.005)
            worker.join(moments.uniform(0.0, 0.6))
            if worker.is_alive():
                assert worker.pid is not None
                os.kill(worker.pid, signal.SIGKILL)
        worker.join()
        happened += worker.exitcode == -signal.SIGKILL
        if worker.exitcode == 0 and job.state == "failed":
            raise SystemExit(job.reason)
    return happened


def _stamp(job: Job) -> float:
    """When the job's state was kept last; 0 before the first time."""
    path = state_folder(job.folder) / "state.pt"
    return path.stat().st_mtime if path.exists() else 0.0


def _work(job: Job, folder: str, keep_often: bool) -> None:
    os.environ["WHENCE_HOME"] = folder
    if keep_often:
        keeping.INTERVAL = 0.01
        keeping.SHARE = 0.5
    jobs.run(job, work_of(job.kind))


if __name__ == "__main__":
    sys.exit(main())
