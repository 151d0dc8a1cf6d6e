"""whence study run|status|report|export|rebuild FILE, and merge."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from whence.cli.common import (
    Device,
    Json,
    Quiet,
    SkipUnreadable,
    Workers,
    print_json,
    print_table,
    say,
    speaker,
    verb,
)

if TYPE_CHECKING:
    from whence.api import Study
    from whence.study.cost import Cost, Price
    from whence.study.driver import Status
    from whence.study.forecast import Forecast

app = typer.Typer(help="Run a study file, see where it stands, write its page.", rich_markup_mode=None)
File = Annotated[Path, typer.Argument(help="The study file (YAML).")]
SeedOfFile = Annotated[
    int | None, typer.Option("--seed", min=0, help="Use this seed instead of the study file's.")
]


@app.command()
@verb
def run(
    file: File,
    workers: Workers = None,
    engine: Annotated[
        str | None, typer.Option(help="local (default), inline, ray, slurm, or a name of yours.")
    ] = None,
    engine_option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="An option of the engine, such as num_gpus=0.5; repeatable."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Only jobs whose words hold this (* for any text); repeatable."),
    ] = None,
    max_hours: Annotated[
        float | None, typer.Option(min=0, help="Begin no job that would not end within so many hours.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print jobs, hours, energy and disk; run nothing.")
    ] = False,
    mlflow_uri: Annotated[
        str | None, typer.Option(help="An MLflow server, or 'local' for a file beside the study.")
    ] = None,
    skip_unreadable: SkipUnreadable = False,
    json: Json = False,
    quiet: Quiet = False,
    seed: SeedOfFile = None,
    device: Device = "auto",
) -> None:
    """Run what is missing of a study. Cut off? Type the same command: what is done is not done again."""
    from whence.api import raise_failures
    from whence.cli.bars import shown

    study = _open(file, seed)
    if dry_run:
        found = study.forecast(
            device=device, skip_unreadable=skip_unreadable, only=only or (), say=speaker(quiet)
        )
        tell_forecast(study.fields.name, found, json)
        return
    with shown(quiet) as (watchers, speak):
        status = study.run(
            engine=engine,
            engine_options=options_of(engine_option or []),
            workers=workers,
            device=device,
            skip_unreadable=skip_unreadable,
            only=only or (),
            max_hours=math.inf if max_hours is None else max_hours,
            mlflow_uri=mlflow_uri,
            watchers=watchers,
            say=speak,
        )
    _tell(study, status, json, device, skip_unreadable)
    raise_failures(status)
    if status.waiting:
        say(f"{status.waiting} jobs are left; to go on: whence study run {file}")
    elif not json:
        say(f"next: whence study report {file}")


@app.command()
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
    study = _open(file, seed)
    found = study.status(device=device, skip_unreadable=skip_unreadable)
    _tell(study, found, json, device, skip_unreadable)
    if not json and found.done:
        _tell_cost(*study.cost(device=device, skip_unreadable=skip_unreadable))


@app.command()
@verb
def report(
    files: Annotated[list[Path], typer.Argument(help="The study file (YAML); several are compared.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where to write the page.")] = None,
    export: Annotated[
        Path | None,
        typer.Option(help="A folder for figures (SVG, PDF, PNG) and tables (CSV, LaTeX, Markdown)."),
    ] = None,
    scores: Annotated[
        list[Path] | None, typer.Option(help="A table of scores or distances (CSV); may be repeated.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: SeedOfFile = None,
    device: Device = "auto",
) -> None:
    """Write the page of a study, or of several beside one another: one HTML file that needs no network."""
    studies = [_open(file, seed) for file in files]
    path = studies[0].report(output, beside=studies[1:], scores=scores or (), export=export, device=device)
    if json:
        print_json({"page": str(path)})
    else:
        print(path)


@app.command()
@verb
def export(
    file: File,
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write to.")],
    format: Annotated[str, typer.Option(help="csv or parquet.")] = "csv",
    skip_unreadable: SkipUnreadable = False,
    json: Json = False,
    quiet: Quiet = False,
    seed: SeedOfFile = None,
    device: Device = "auto",
) -> None:
    """Write the study's tables: outcomes, pretrainings, curves, predictions."""
    written = _open(file, seed).export(output, format=format, device=device, skip_unreadable=skip_unreadable)
    if json:
        print_json({"files": [str(path) for path in written]})
    else:
        print("\n".join(str(path) for path in written))


@app.command()
@verb
def rebuild(
    file: File,
    skip_unreadable: SkipUnreadable = False,
    json: Json = False,
    quiet: Quiet = False,
    seed: SeedOfFile = None,
    device: Device = "auto",
) -> None:
    """Make the ledger anew from job folders and tables, of which it is a copy; the old one is kept beside it."""
    held, lost = _open(file, seed).rebuild(device=device, skip_unreadable=skip_unreadable)
    if json:
        print_json({"jobs": held, "only_in_the_old_one": lost})
        return
    print(f"the ledger holds {held} jobs" + (f"; {lost} more stood in the old one alone" if lost else ""))


@app.command()
@verb
def merge(
    first: Annotated[Path, typer.Argument(help="A study's folder: beside its file, called as it is.")],
    second: Annotated[Path, typer.Argument(help="The folder of the same study at another site.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to make.")],
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Bring two sites' results together. Exit code 1 where they disagree: the first one's are kept, and it is said."""
    from whence.api import merge_studies
    from whence.errors import WorkFailed

    conflicts = merge_studies(first, second, output)
    if json:
        print_json({"folder": str(output), "conflicts": [dict(vars(conflict)) for conflict in conflicts]})
    else:
        print(output)
        if conflicts:
            print_table([dict(vars(conflict)) for conflict in conflicts])
    if conflicts:
        raise WorkFailed(
            f"{len(conflicts)} conflicts between {first} and {second}; the merged tables in {output} keep the first's"
        )


def options_of(words: list[str]) -> dict[str, Any]:
    """The engine's options from NAME=VALUE words; values are read as a study file's are."""
    import yaml

    from whence.errors import InputError

    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise InputError(f"--engine-option {word!r} is no NAME=VALUE, such as num_gpus=0.5")
        found[name] = yaml.safe_load(value)
    return found


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


def _open(file: Path, seed: int | None) -> Study:
    from whence.api import Study

    study = Study.from_file(file)
    if seed is not None:
        study.fields = study.fields.model_copy(update={"seed": [seed]})
    return study


def _tell_cost(cost: Cost, prices: list[Price]) -> None:
    """What the study has cost so far, and what the points cost that each pretraining gained."""
    from whence.study.cost import price_rows

    energy = "energy not measured"
    if cost.kwh is not None:
        grams = "" if cost.g_co2 is None else f", {cost.g_co2:,.0f} g CO₂"
        energy = f"{cost.kwh:.3f} kWh{grams} in the {cost.metered} of {cost.jobs} jobs that were measured"
    print(f"cost so far: {cost.seconds / 3600:.2f} job-hours, {cost.gpu_hours:.2f} GPU-hours; {energy}")
    if rows := price_rows(prices):
        print_table(rows, "what each source gained over none, and the price of its pretraining")


def _tell(study: Study, found: Status, json: bool, device: str, skip_unreadable: bool) -> None:
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
