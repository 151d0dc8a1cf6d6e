"""What `whence study run --dry-run` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.cli.common import print_json, print_table

if TYPE_CHECKING:
    from whence.study.forecast import Forecast


def tell_forecast(name: str, found: Forecast, json: bool) -> None:
    """Print what a run would do."""
    if json:
        print_json({"study": name, "jobs": {"waiting": found.jobs}} | found.document())
        return
    rows = [
        {
            "what": share.what,
            "backbone": share.backbone,
            "jobs": share.jobs,
            "hours": _known(share.hours),
            "kWh": _known(share.kwh),
            "MB": _known(None if share.bytes is None else share.bytes / 1e6),
        }
        for share in found.shares
    ]
    if rows:
        print_table(rows)
    told = [f"{found.hours:.2f} hours of one worker" if found.hours else "hours unknown"]
    if found.unknown:
        told.append(f"like {found.unknown} of them none was measured")
    told.append(f"{found.kwh:.3f} kWh measured on such jobs" if found.kwh else "energy unknown")
    told.append(f"{found.bytes / 1e6:,.0f} MB of disk" if found.bytes else "disk unknown")
    print(f"{name}: {found.jobs} jobs to do; {', '.join(told)}")


def _known(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.3f}"
