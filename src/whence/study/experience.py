"""What a study has measured becomes experience for rankings of other targets; it stays on this machine."""

from __future__ import annotations

from pathlib import Path

from whence.study.ledger import Ledger
from whence.study.memory import settled_plan
from whence.study.plan import Plan

TOYS = "demo:"  # the demo's networks and pictures are too small to say anything of real ones


def remember_study(plan: Plan, ledger: Ledger, folder: Path) -> str | None:
    """Keep the study's outcomes in the knowledge base; the name under which they are kept, None without any."""
    import pandas as pd

    from whence.knowledge import remember, remember_descriptor
    from whence.records import as_row

    rows = [
        as_row(row)
        | {
            "source": plan.trained_on.get(row.source, row.source),
            "target_fingerprint": plan.targets[row.target].fingerprint,
        }
        for row in ledger.rows("outcomes", settled_plan(plan, ledger.jobs()).keys)
        if not row.target.startswith(TOYS)
    ]
    if not rows:
        return None
    for name, dataset in plan.targets.items():
        if not name.startswith(TOYS):
            remember_descriptor(name, dataset)
    return remember(plan.study.name, pd.DataFrame(rows), str(folder.absolute()))
