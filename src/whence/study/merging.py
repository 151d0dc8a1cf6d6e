"""Two sites' ledgers in one, with every conflict listed: equal job keys promise equal results, and that is checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from whence.records import Outcome, column_names
from whence.study.ledger import Ledger, Measured

MAY_DIFFER = {"study", "seconds", "energy_kwh", "co2_g", "host", "engine", "note"}
CELL = ("source", "source_recipe", "target", "target_variant", "backbone", "recipe", "fold", "seed")


@dataclass(frozen=True)
class Conflict:
    """Where two ledgers disagree, in words: `kept` is the first ledger's, `other` the second's."""

    job: str
    what: str  # the column; "curve" or "predictions"; "job" where one cell was measured by two different jobs
    kept: Any
    other: Any


def merge(first: Ledger, second: Ledger, into: Ledger) -> list[Conflict]:
    """Write the jobs of both ledgers into a third; return where they disagree.

    A job in both is taken from the first; it is a conflict if anything differs but time, energy, host, engine and
    notes. One cell (source, target, network, recipe, fold, seed) that two jobs measured, from other data or settings,
    is listed too, and both stay.
    """
    one, two = _by_job(first), _by_job(second)
    into.add(one.values())
    into.add(found for key, found in two.items() if key not in one)
    conflicts = [
        conflict for key in sorted(one.keys() & two.keys()) for conflict in _between(one[key], two[key])
    ]
    cells = {_cell(found.row): key for key, found in one.items() if isinstance(found.row, Outcome)}
    for key, found in sorted(two.items()):
        if key not in one and isinstance(found.row, Outcome) and _cell(found.row) in cells:
            conflicts.append(Conflict(key, "job", cells[_cell(found.row)], key))
    return conflicts


def _by_job(ledger: Ledger) -> dict[str, Measured]:
    return {found.row.job: found for found in ledger.measured()}


def _between(one: Measured, two: Measured) -> list[Conflict]:
    key = one.row.job
    found = [
        Conflict(key, name, getattr(one.row, name), getattr(two.row, name))
        for name in column_names(type(one.row))
        if name not in MAY_DIFFER and not _same(getattr(one.row, name), getattr(two.row, name))
    ]
    for what, mine, other in (
        ("curve", one.curve, two.curve),
        ("predictions", one.predictions, two.predictions),
    ):
        if repr(mine) != repr(other):  # NaN equals NaN here
            found.append(Conflict(key, what, f"{len(mine)} rows", f"{len(other)} rows that differ"))
    return found


def _same(a: Any, b: Any) -> bool:
    both_nan = isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b)
    return both_nan or bool(a == b)


def _cell(row: Outcome) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in CELL)
