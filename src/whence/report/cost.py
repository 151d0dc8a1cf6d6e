"""What a study cost: the time of its pretrainings and fine-tunings, and the energy where that was estimated."""

from __future__ import annotations

import pandas as pd

from whence.report.table import Table
from whence.report.words import MISSING, NONE, display_names, duration, is_missing

_ENERGY = {"energy_kwh": "Energy (kWh)", "co2_g": "CO₂ (g)"}


def cost_table(tidy: pd.DataFrame, pretrainings: pd.DataFrame) -> Table:
    """Per source: its pretraining, one fold on average, and everything; energy and CO₂ where any was estimated."""
    short = display_names(pretrainings["source"].astype(str))
    own = pretrainings.assign(name=[short[str(name)] for name in pretrainings["source"]])
    rows = []
    for name, part in tidy.groupby("source_name", sort=False):
        before = own[own["name"] == name]
        rows.append(
            {
                "source": name if part["source"].iloc[0] != NONE else f"{name} (no transfer)",
                "pretraining_seconds": _sum(before, "seconds"),
                "fold_seconds": pd.to_numeric(part["seconds"], errors="coerce").mean(),
                "all_seconds": _sum(pd.concat([part, before]) if len(before) else part, "seconds"),
                "devices": ", ".join(sorted(set(part["device"].astype(str)))),
            }
            | {key: _sum(pd.concat([part, before]) if len(before) else part, key) for key in _ENERGY}
        )
    frame = pd.DataFrame(rows)
    measured = {key: heading for key, heading in _ENERGY.items() if frame[key].notna().any()}
    energy = "Energy and CO₂ are codecarbon’s estimates" if measured else "Energy was not measured"
    return Table(
        "cost",
        "Cost",
        f"Time of work, as measured while the jobs ran: several at a time share a machine. {energy}.",
        frame,
        {
            "source": "Source",
            "pretraining_seconds": "Pretraining",
            "fold_seconds": "One fold",
            "all_seconds": "Everything",
        }
        | measured
        | {"devices": "Device"},
        dict.fromkeys(("pretraining_seconds", "fold_seconds", "all_seconds"), _time)
        | {"energy_kwh": lambda value: _plain(value, 3), "co2_g": lambda value: _plain(value, 0)},
    )


def _sum(table: pd.DataFrame, column: str) -> float:
    """The sum of what is known, NaN where nothing is."""
    values = pd.to_numeric(table[column], errors="coerce") if column in table else pd.Series(dtype=float)
    return float(values.sum(min_count=1))


def _time(seconds: object) -> str:
    return MISSING if is_missing(seconds) else duration(float(str(seconds)))


def _plain(value: object, digits: int) -> str:
    return MISSING if is_missing(value) else f"{float(str(value)):.{digits}f}"
