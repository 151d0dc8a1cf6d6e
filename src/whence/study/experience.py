"""What a study has measured becomes experience for rankings of other targets; it stays on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from whence.records import Outcome, as_row
from whence.study.ledger import Ledger
from whence.study.memory import settled_plan
from whence.study.plan import Plan

TOYS = "demo:"  # the demo's networks and pictures are too small to say anything of real ones


def as_experience(
    outcomes: Iterable[Outcome], trained_on: Mapping[str, str], fingerprints: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Outcomes as the knowledge base keeps them, but for those on toys.

    Sources go by what they were `trained_on`, where a study's tables call them otherwise; `fingerprints` are the
    targets'.
    """
    return [
        as_row(row)
        | {
            "source": trained_on.get(row.source, row.source),
            "target_fingerprint": fingerprints.get(row.target, ""),
        }
        for row in outcomes
        if not row.target.startswith(TOYS)
    ]


def remember_study(plan: Plan, ledger: Ledger, folder: Path) -> str | None:
    """Keep the study's outcomes in the knowledge base, with the scores and distances that lie in its folder.

    The name under which they are kept; None without any outcome.
    """
    import pandas as pd

    from whence.knowledge import keep_values, remember, remember_descriptor
    from whence.knowledge.values import read_values

    outcomes = ledger.rows("outcomes", settled_plan(plan, ledger.jobs()).keys)
    prints = {name: dataset.fingerprint for name, dataset in plan.targets.items()}
    rows = as_experience(outcomes, plan.trained_on, prints)
    if not rows:
        return None
    for name, dataset in plan.targets.items():
        if not name.startswith(TOYS):
            remember_descriptor(name, dataset)
    provenance = str(folder.absolute())
    kept = remember(plan.study.name, pd.DataFrame(rows), provenance)
    if len(values := read_values(folder)):
        source = values["source"].map(lambda name: plan.trained_on.get(name, name))
        keep_values(
            kept, values.assign(source=source, target_fingerprint=values["target"].map(prints)), provenance
        )
    return kept
