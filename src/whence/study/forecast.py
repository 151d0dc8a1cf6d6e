"""What a run would do, before it is done: jobs, hours, energy, disk, as far as earlier jobs tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from whence.study.job import Job
from whence.study.plan import Entry
from whence.study.throughput import Throughput


@dataclass(frozen=True)
class Share:
    """Jobs of one source on one target (or its pretraining) and network, and what they will take.

    None where no job like these was measured.
    """

    what: str
    backbone: str
    jobs: int
    hours: float | None  # of one worker
    kwh: float | None
    bytes: float | None


@dataclass(frozen=True)
class Forecast:
    """All shares, and their sums over the jobs of which something is known."""

    shares: list[Share]
    jobs: int
    hours: float
    kwh: float
    bytes: float
    unknown: int  # jobs of unknown length, in none of the sums

    def document(self) -> dict[str, Any]:
        """The document of `whence study run --dry-run --json`, but for the study's name and counts."""
        totals = {name: getattr(self, name) for name in ("hours", "kwh", "bytes", "unknown")}
        return totals | {"plan": [dict(vars(share)) for share in self.shares]}


def forecast(missing: Sequence[Entry], throughput: Throughput) -> Forecast:
    """What the jobs that are missing will take."""
    groups: dict[tuple[str, str], list[Job]] = {}
    for entry in missing:
        what = f"{entry.source} → {entry.target}" if entry.target else f"pretrain on {entry.source}"
        groups.setdefault((what, entry.backbone), []).append(entry.job)
    shares = []
    for (what, backbone), found in groups.items():
        seconds = _total(found, throughput.seconds)
        hours = None if seconds is None else seconds / 3600
        kwh, size = _total(found, throughput.kwh), _total(found, throughput.size)
        shares.append(Share(what, backbone, len(found), hours, kwh, size))
    return Forecast(
        shares,
        len(missing),
        sum(share.hours or 0.0 for share in shares),
        sum(share.kwh or 0.0 for share in shares),
        sum(share.bytes or 0.0 for share in shares),
        sum(throughput.seconds(entry.job) is None for entry in missing),
    )


def _total(found: list[Job], of_one: Callable[[Job], float | None]) -> float | None:
    values = [value for value in map(of_one, found) if value is not None]
    return sum(values) if len(values) == len(found) else None
