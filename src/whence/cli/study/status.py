"""whence study status FILE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from whence.cli.common import Device, Json, Quiet, SkipUnreadable, print_json, print_table, verb
from whence.cli.study.common import File, SeedOfFile, open_study

if TYPE_CHECKING:
    from whence.api import Study
    from whence.study.cost import Cost, Price
    from whence.study.known import Status


@verb
def status(
    file: File,
    skip_unreadable: SkipUnreadable = False,
    json: Json = False,
    quiet: Quiet = False,
    seed: SeedOfFile = None,
    device: Device = "auto",
) -> None:
    """Where a study stands: jobs done, failed and waiting, and the outcomes so far."""
    study = open_study(file, seed)
    found = study.status(device=device, skip_unreadable=skip_unreadable)
    tell(study, found, json, device, skip_unreadable)
    if not json and found.done:
        tell_cost(*study.cost(device=device, skip_unreadable=skip_unreadable))


def tell(study: Study, found: Status, json: bool, device: str, skip_unreadable: bool) -> None:
    from whence.records import as_row
    from whence.study.summary import summary_rows

    outcomes = study.outcomes(device=device, skip_unreadable=skip_unreadable)
    counts: dict[str, Any] = {"done": found.done, "failed": found.failed, "waiting": found.waiting}
    if json:
        print_json(
            {
                "study": study.fields.name,
                "jobs": counts,
                "outcomes": [as_row(outcome) for outcome in outcomes],
                "failures": found.failures,
            }
        )
        return
    print(f"{study.fields.name}: " + ", ".join(f"{n} jobs {state}" for state, n in counts.items()))
    if outcomes:
        rows = summary_rows(outcomes)
        constant = [k for k in ("backbone", "recipe", "seed") if len({row[k] for row in rows}) == 1]
        print_table([{k: v for k, v in row.items() if k not in constant} for row in rows])
        for verdict in study.verdicts(device=device, skip_unreadable=skip_unreadable):
            print(f"{verdict.headline} {verdict.detail}")
    for failure in found.failures:
        print(f"failed: {failure['job']}: {failure['reason']}")


def tell_cost(cost: Cost, prices: list[Price]) -> None:
    """What the study has cost so far, and what the points cost that each pretraining gained."""
    from whence.study.cost import price_rows

    energy = "energy not measured"
    if cost.kwh is not None:
        grams = "" if cost.g_co2 is None else f", {cost.g_co2:,.0f} g CO₂"
        energy = f"{cost.kwh:.3f} kWh{grams} in the {cost.metered} of {cost.jobs} jobs that were measured"
    print(f"cost so far: {cost.seconds / 3600:.2f} job-hours, {cost.gpu_hours:.2f} GPU-hours; {energy}")
    if rows := price_rows(prices):
        print_table(rows, "what each source gained over none, and the price of its pretraining")
