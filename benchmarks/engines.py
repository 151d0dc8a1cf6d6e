"""The same study on every engine that can be tried on one machine: equal ledgers, and how long each took.

    python benchmarks/engines.py [--jobs 12] [--epochs 40] [--workers 2]

`ray` is a real Ray of two workers, of which one is killed in the middle by its pid; `slurm` is submitit's debug
executor, one job after the other. The jobs are one-core trainings, so that the least wall time of two workers
is half of the jobs' seconds; what is more is the start of processes and libraries, and the driver. Exit code 1 where a
ledger differs from that of `inline`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from study_kills import at_work, end, ledger_of, study_file


def main() -> int:
    """Run, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--jobs", type=int, default=12)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    workers = ["--workers", str(given.workers)]
    engines = {
        "inline": ["--engine", "inline"],
        f"local --workers {given.workers}": ["--engine", "local", *workers],
        "ray, a worker killed": ["--engine", "ray", *workers, "--engine-option", "num_gpus=0"],
        "slurm, debug": ["--engine", "slurm", "--engine-option", "executor=debug"],
    }
    wanted = None
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        file = study_file(folder, given.jobs, given.epochs)
        for name, words in engines.items():
            wall = timed(file, folder, words, kill=name.startswith("ray"))
            found = ledger_of(file)
            wanted = wanted or found
            same = "ledger as inline's" if found == wanted else "LEDGER DIFFERS"
            print(f"{name}: {wall:.1f} s, {same}; load {os.getloadavg()[0]:.1f}", flush=True)
            if found != wanted:
                return 1
            shutil.rmtree(folder / "home")
            shutil.rmtree(file.parent / "kills")
    return 0


def timed(file: Path, folder: Path, words: list[str], kill: bool) -> float:
    """Seconds that the command took, as typed; with `kill`, one process at work is killed on the way."""
    began = time.monotonic()
    driver = subprocess.Popen(
        [sys.executable, "-m", "whence", "study", "run", str(file), "--device", "cpu", "--quiet", *words],
        env=os.environ | {"WHENCE_HOME": str(folder / "home")},
        stdout=subprocess.DEVNULL,
    )
    while kill and driver.poll() is None:
        time.sleep(0.2)
        done = len(list((folder / "home" / "jobs").glob("finetune/*/done")))
        if done >= 2 and (working := at_work(folder)):
            end(working[0])
            kill = False
    if driver.wait() != 0 or kill:
        raise SystemExit(f"the study ended with exit code {driver.returncode}, killed: {not kill}")
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
