"""SIGKILL a study at random moments (driver, a worker, or both), run after run, and compare its ledger each time.

    python benchmarks/study_kills.py [--kills 100] [--per-run 5] [--jobs 60] [--epochs 60] [--workers 2] [--seed 1]

Each fresh run of the study gets `--per-run` kills, each 2 to 30 seconds (`--between`) after a job was seen at work;
then it is left to end. Afterwards its ledger must equal that of an undisturbed run (every column but time, energy and
host), no process of it may be left, and no temporary file. As many runs as the kills take. Exit code 1 if it does not.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from whence.study.ledger import TABLES, Ledger
from whence.study.merging import MAY_DIFFER

PATIENCE = 3600.0  # seconds for one run to end


def main() -> int:
    """Run, kill, run again, compare."""
    given = arguments()
    moments = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        file = study_file(folder, given.jobs, given.epochs)
        began = time.monotonic()
        wait(start(file, folder, given.workers))
        wanted, wall = ledger_of(file), time.monotonic() - began
        print(
            f"undisturbed: {len(wanted['outcomes'])} jobs, {wall:.0f} s, load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
        kills, runs = {"driver": 0, "worker": 0, "both": 0}, 0
        while sum(kills.values()) < given.kills:
            shutil.rmtree(folder / "home")
            shutil.rmtree(file.parent / "kills")
            left = min(given.per_run, given.kills - sum(kills.values()))
            one_run(file, folder, given.workers, left, given.between, moments, kills)
            runs += 1
            if problem := differences(file, folder, wanted):
                print(f"after run {runs}: {problem}")
                return 1
            print(f"run {runs}: {kills}, equal, alone, tidy; load {os.getloadavg()[0]:.1f}", flush=True)
    print(f"{sum(kills.values())} kills in {runs} runs: every ledger equal to the undisturbed one")
    return 0


def one_run(
    file: Path,
    folder: Path,
    workers: int,
    count: int,
    between: tuple[float, float],
    moments: random.Random,
    kills: dict[str, int],
) -> None:
    """A fresh run of the study that is killed `count` times and then left to end."""
    driver = start(file, folder, workers)
    while count:
        wait_for_work(driver, folder)
        time.sleep(moments.uniform(*between))
        if driver.poll() is not None:
            return  # it has ended before its turn: the next run takes the kills that are left
        whom = moments.choice(sorted(kills))
        working = at_work(folder)
        if whom != "driver" and working:
            end(moments.choice(working))
        if whom != "worker":
            end(driver.pid)
            driver.wait()
            alone(folder)
            driver = start(file, folder, workers)
        kills[whom] += 1
        count -= 1
    wait(driver)


def study_file(folder: Path, jobs: int, epochs: int) -> Path:
    """A study on the demo's pictures, 12 jobs for each seed: two pretrainings, and five folds that wait for each."""
    seeds = max(1, jobs // 12)
    study = {
        "name": "kills",
        "backbone": "test_resnet",
        "sources": ["demo:natural", "demo:textures"],
        "targets": ["demo:retina"],
        "folds": 5,
        "seed": list(range(1, seeds + 1)),
        "recipe": {"base": "small", "size": 32, "epochs": epochs},
    }
    path = folder / "kills.yaml"
    path.write_text(yaml.safe_dump(study))
    return path


def start(file: Path, folder: Path, workers: int) -> subprocess.Popen[bytes]:
    """The command line as a user types it."""
    command = [sys.executable, "-m", "whence", "study", "run", str(file), "--device", "cpu", "--quiet"]
    environment = os.environ | {"WHENCE_HOME": str(folder / "home")}
    return subprocess.Popen([*command, "--workers", str(workers)], env=environment, stdout=subprocess.DEVNULL)


def wait(driver: subprocess.Popen[bytes]) -> None:
    """Let a run end."""
    if driver.wait(PATIENCE) != 0:
        raise SystemExit(f"the study ended with exit code {driver.returncode}")


def at_work(folder: Path) -> list[int]:
    """The processes that work on jobs now."""
    scratches = (folder / "home" / "jobs").glob("*/.*.tmp")
    found = {int(path.name.rsplit(".", 3)[1].split("-")[0]) for path in scratches}
    return sorted(found & set(processes(folder)))


def wait_for_work(driver: subprocess.Popen[bytes], folder: Path) -> None:
    """Until a job has started, or the run has ended."""
    while not at_work(folder) and driver.poll() is None:
        time.sleep(0.05)


def end(pid: int) -> None:
    """SIGKILL, for a process that may have ended by itself in this moment."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def processes(folder: Path) -> list[int]:
    """The processes of this machine whose environment names the study's home."""
    found, wanted = [], f"WHENCE_HOME={folder / 'home'}\0".encode()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (path / "environ").read_bytes():
                found.append(int(path.name))
        except OSError:
            continue
    return found


def alone(folder: Path) -> None:
    """Wait until nothing of a killed driver is left; an orphan that stays for a minute ends the benchmark."""
    until = time.monotonic() + 60
    while left := processes(folder):
        if time.monotonic() > until:
            raise SystemExit(f"orphans: {left}")
        time.sleep(0.1)


def differences(file: Path, folder: Path, wanted: dict[str, Any]) -> str:
    """What is not as it should be after a run; empty if all is well."""
    alone(folder)
    if left := [*(folder / "home").rglob(".*.tmp"), *(folder / "kills").rglob(".*.tmp")]:
        return f"temporary files are left: {left}"
    found = ledger_of(file)
    return "" if found == wanted else f"the ledger differs in {[t for t in TABLES if found[t] != wanted[t]]}"


def ledger_of(file: Path) -> dict[str, Any]:
    """Every table, without the columns that two runs may differ in; as text, so that NaN equals NaN."""
    with Ledger(file.parent / "kills" / "ledger.db") as ledger:
        return {
            table: [
                repr([(n, getattr(row, n)) for n in row.__dataclass_fields__ if n not in MAY_DIFFER])
                for row in ledger.rows(table)
            ]
            for table in TABLES
        }


def arguments() -> argparse.Namespace:
    """What was asked on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--per-run", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=60)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--between", type=float, nargs=2, default=(2.0, 30.0), metavar=("LOW", "HIGH"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
