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
    unknown = (
        f", not counting {found.unknown} jobs like which none was measured here" if found.unknown else ""
    )
    print(
        f"{name}: {found.jobs} jobs to do; {found.hours:.2f} hours of one worker, {found.kwh:.3f} kWh measured on such "
        f"jobs, {found.bytes / 1e6:,.0f} MB of disk{unknown}"
    )


def _known(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.3f}"
