"""What a study cost: the time of its pretrainings and fine-tunings."""

from __future__ import annotations

import pandas as pd

from whence.report.table import Table
from whence.report.words import MISSING, NONE, display_names, duration, is_missing


def cost_table(tidy: pd.DataFrame, pretrainings: pd.DataFrame) -> Table:
    """Seconds of work per source: its pretraining, one fold on average, and everything."""
    short = display_names(pretrainings["source"].astype(str))
    own = pretrainings.assign(name=[short[str(name)] for name in pretrainings["source"]])
    trained = pd.to_numeric(own["seconds"]).groupby(own["name"]).sum()
    rows = []
    for name, part in tidy.groupby("source_name", sort=False):
        seconds = pd.to_numeric(part["seconds"], errors="coerce")
        before = trained.get(str(name), float("nan"))
        rows.append(
            {
                "source": name if part["source"].iloc[0] != NONE else f"{name} (no transfer)",
                "pretraining_seconds": before,
                "fold_seconds": seconds.mean(),
                "all_seconds": seconds.sum() + (0.0 if is_missing(before) else before),
                "devices": ", ".join(sorted(set(part["device"].astype(str)))),
            }
        )
    return Table(
        "cost",
        "Cost",
        "Time of work, as measured while the jobs ran: several at a time share a machine. Energy was not measured.",
        pd.DataFrame(rows),
        {
            "source": "Source",
            "pretraining_seconds": "Pretraining",
            "fold_seconds": "One fold",
            "all_seconds": "Everything",
            "devices": "Device",
        },
        dict.fromkeys(("pretraining_seconds", "fold_seconds", "all_seconds"), _time),
    )


def _time(seconds: object) -> str:
    return MISSING if is_missing(seconds) else duration(float(str(seconds)))
