"""How long a job will take, what it will use: from what earlier jobs of the same network, size and device took."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from whence.paths import home, read_json
from whence.records import Outcome, Pretraining
from whence.study.job import Job, read_job

LOOKED_AT = 300  # earlier jobs of a kind, the newest ones
REMEMBERED = 50  # of the same network, size and device

Alike = tuple[Any, ...]


def alike(job: Job) -> Alike:
    """What jobs share that take equally long per image and epoch."""
    recipe = job.inputs.get("recipe", {})
    asked = (recipe.get(name) for name in ("size", "tune", "precision"))
    return (job.inputs.get("backbone"), job.inputs.get("device"), job.inputs.get("threads"), *map(str, asked))


def _few() -> defaultdict[Alike, deque[float]]:
    return defaultdict(lambda: deque(maxlen=REMEMBERED))


@dataclass
class Throughput:
    """Seconds and energy per unit of cost (image × epoch), and bytes per job, as measured."""

    rates: defaultdict[Alike, deque[float]] = field(default_factory=_few)
    energies: defaultdict[Alike, deque[float]] = field(default_factory=_few)
    sizes: defaultdict[Alike, deque[float]] = field(default_factory=_few)

    @classmethod
    def of_earlier_jobs(cls) -> Throughput:
        """What the newest finished jobs below `home()` tell."""
        found = cls()
        for kind in sorted((home() / "jobs").glob("*")):
            marks = sorted(kind.glob("[!.]*/done"), key=_modified)[-LOOKED_AT:]
            for mark in marks:
                try:
                    found.add(read_job(mark.parent), mark.parent)
                except (OSError, ValueError, KeyError):
                    continue  # being deleted, or of another making: an estimate can do without
        return found

    def add(self, job: Job, folder: Path | None = None) -> None:
        """Learn from a finished job."""
        folder = folder or job.folder
        result = read_json(folder / "result.json")
        self.rates[alike(job)].append(float(result["seconds"]) / job.cost)
        if result.get("energy_kwh"):
            self.energies[alike(job)].append(float(result["energy_kwh"]) / job.cost)
        self.sizes[job.kind, job.inputs.get("backbone")].append(
            sum(f.stat().st_size for f in folder.iterdir())
        )

    def fill_in(self, rows: Iterable[tuple[Job, Outcome | Pretraining]]) -> None:
        """Learn from what other machines wrote down, about jobs like which none was measured here."""
        elsewhere = [(job, row) for job, row in rows if alike(job) not in self.rates]
        for job, row in elsewhere:
            self.rates[alike(job)].append(row.seconds / job.cost)
            if not math.isnan(row.energy_kwh):
                self.energies[alike(job)].append(row.energy_kwh / job.cost)

    def seconds(self, job: Job) -> float | None:
        """How long the job is expected to take; None if nothing like it was ever measured."""
        rate = _middle(self.rates, alike(job))
        return None if rate is None else rate * job.cost

    def kwh(self, job: Job) -> float | None:
        """The energy it is expected to use; None if nothing like it was measured."""
        rate = _middle(self.energies, alike(job))
        return None if rate is None else rate * job.cost

    def size(self, job: Job) -> float | None:
        """The bytes it is expected to leave on disk; None if no job of its kind and network was measured."""
        return _middle(self.sizes, (job.kind, job.inputs.get("backbone")))

    def weight(self, job: Job) -> float:
        """Seconds, guessed where unknown: only good for putting jobs in order and for sharing out time."""
        known = self.seconds(job)
        if known is not None:
            return known
        rates = [rate for rates in self.rates.values() for rate in rates]
        return job.cost * (median(rates) if rates else 1.0)


def _middle(measured: dict[Alike, deque[float]], key: Alike) -> float | None:
    return median(measured[key]) if measured.get(key) else None


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
