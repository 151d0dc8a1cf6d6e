"""What the driver costs: wall time beyond the jobs' own, and the bookkeeping of a study of ten thousand jobs.

    python benchmarks/study_overhead.py [--jobs 60] [--seconds 20] [--workers 2] [--planned 10000]

Bounds, before measuring. A job's bookkeeping is three small files read and one transaction of about 25 rows, with an
fsync or three (a few ms each on a disk); a start is a fork of a process that has torch imported (0.1 s when idle).
The jobs here sleep instead of training, so the wall time that is left over is the driver's and the engine's alone.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from whence.api import Study
from whence.paths import write_json
from whence.study import job as jobs
from whence.study.collect import measured
from whence.study.engines import Engine, make_engine
from whence.study.job import Job
from whence.study.ledger import Ledger
from whence.study.plan import Entry
from whence.study.queue import Queue
from whence.study.scheduler import Listener, run_jobs
from whence.study.throughput import Throughput

IMAGES = 20  # test images of a fold


def main() -> None:
    """Print both measurements, with the machine's load."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--jobs", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--planned", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WHENCE_HOME"] = str(Path(folder) / "home")
        overhead(given.jobs, given.seconds, given.workers)
        bookkeeping(Path(folder), given.planned)


def overhead(count: int, seconds: float, workers: int) -> None:
    """Wall time − job seconds ÷ workers, of sleeping jobs in real processes."""
    plan = [Job("sleep", 1, {"seed": number, "seconds": seconds}) for number in range(count)]
    engine = sleeping(make_engine("local", workers=workers))
    warm = [Job("sleep", 1, {"seed": -1, "seconds": 0.0})]
    run_jobs(warm, engine, Listener(), Throughput())  # the fork server imports torch once per run, told apart
    began = time.monotonic()
    run_jobs(plan, engine, Listener(), Throughput())
    wall = time.monotonic() - began
    share = (wall - count * seconds / workers) / wall
    print(f"{count} jobs of {seconds} s on {workers} workers: {wall:.1f} s, overhead {share:.1%}; {load()}")


def sleeping(engine: Engine) -> Engine:
    """The local engine, whose processes sleep where they would train."""
    import study_overhead  # this file under a name that other processes can import

    from whence.study.engines import local

    local.work_in_process = study_overhead.sleep
    return engine


def sleep(job: Job, environment: dict[str, str]) -> None:
    """What each process does."""
    os.environ.update(environment)

    def work(job: Job, folder: Path) -> None:
        time.sleep(job.inputs["seconds"])

    jobs.run(job, work)


def bookkeeping(folder: Path, count: int) -> None:
    """Plan `count` jobs of a real study file, then take, mark, read and write down each as if it had been trained."""
    seeds = max(1, count // 20)
    for name in ("xrays", "cells"):
        pictures(folder / name)
    study = Study.from_fields(
        {
            "name": "large",
            "backbone": "test_resnet",
            "sources": ["none", f"file:{checkpoint(folder)}"],
            "targets": [str(folder / "xrays"), str(folder / "cells")],
            "folds": 5,
            "seed": list(range(seeds)),
            "recipe": {"base": "small", "size": 16, "epochs": 1},
        },
        folder / "large",
    )
    import sklearn.model_selection  # noqa: F401  loading libraries is no planning

    with told("planning, every fold cut for the first time"):
        study.plan(device="cpu")
    with told("planning again, folds known"):
        again = Study.from_fields(study.fields.model_dump(), folder / "large").plan(device="cpu")
    entries = again.entries[: min(1000, len(again.entries))]
    for entry in entries:
        jobs.run(entry.job, finish)
    throughput, ledger = Throughput(), Ledger(folder / "ledger.db")
    queue, by_key = Queue([e.job for e in again.entries], throughput.weight), {e.job.key: e for e in entries}
    print(f"{len(again.entries)} jobs in all; bookkeeping of {len(entries)} of them:")
    with told("bookkeeping"):
        for entry in entries:
            queue.take(1, float("inf"))
            book(ledger, by_key[entry.job.key], throughput)
            queue.done(entry.job)


@contextmanager
def told(what: str) -> Iterator[None]:
    """Print how long the block took: on the clock, and of this process's own computing, which others cannot slow."""
    wall, own = time.monotonic(), time.process_time()
    yield
    wall, own = time.monotonic() - wall, time.process_time() - own
    print(f"{what}: {wall:.1f} s, of which computing {own:.1f} s; {load()}", flush=True)


def book(ledger: Ledger, entry: Entry, throughput: Throughput) -> None:
    """What the driver does as a job ends."""
    ledger.add([measured(entry, "large")])
    throughput.add(entry.job)


def finish(job: Job, folder: Path) -> None:
    """Leave what a training leaves."""
    scores: dict[str, Any] = dict.fromkeys(("auc", "accuracy"), 0.5)
    scores |= {f"{part}_{name}": 0.5 for part in ("train", "validation") for name in ("auc", "accuracy")}
    counts = {"epochs": 1, "train_images": 80, "test_images": IMAGES, "seconds": 1.0}
    write_json(
        folder / "result.json",
        scores | counts | {"converged": True, "note": "", "device": "cpu", "host": "here"},
    )
    point = {"job": job.key, "epoch": 1, "loss": 0.5, "validation_auc": 0.5, "test_auc": 0.5}
    (folder / "curves.json").write_text(json.dumps([point]))
    np.savez_compressed(
        folder / "predictions.npz",
        image=np.array([f"{number:064x}" for number in range(IMAGES)]),
        label=np.zeros(IMAGES, dtype=np.int64),
        probabilities=np.full((IMAGES, 2), 0.5),
    )


def pictures(folder: Path) -> None:
    """Two classes of small pictures."""
    random = np.random.default_rng(len(str(folder.name)))
    for label in ("a", "b"):
        (folder / label).mkdir(parents=True)
        for number in range(50):
            pixels = random.integers(0, 255, (16, 16, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{number}.png")


def checkpoint(folder: Path) -> Path:
    """Weights of the backbone in a file."""
    import timm
    from safetensors.torch import save_file

    path = folder / "weights.safetensors"
    save_file(timm.create_model("test_resnet", pretrained=False).state_dict(), path)
    return path


def load() -> str:
    """How busy the machine is."""
    return f"load {os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    sys.exit(main())
