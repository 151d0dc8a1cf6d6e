"""whence study run|status|report FILE."""

from __future__ import annotations

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
    from whence.study.driver import Status

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
    engine: Annotated[str, typer.Option(help="local, or inline for debugging.")] = "local",
    skip_unreadable: SkipUnreadable = False,
    json: Json = False,
    quiet: Quiet = False,
    seed: SeedOfFile = None,
    device: Device = "auto",
) -> None:
    """Run what is missing of a study. Cut off? Type the same command: what is done is not done again."""
    from whence.api import raise_failures

    study = _open(file, seed)
    found = study.run(
        engine=engine, workers=workers, device=device, skip_unreadable=skip_unreadable, say=speaker(quiet)
    )
    _tell(study, found, json, device, skip_unreadable)
    raise_failures(found)
    if not json:
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


def _open(file: Path, seed: int | None) -> Study:
    from whence.api import Study

    study = Study.from_file(file)
    if seed is not None:
        study.fields = study.fields.model_copy(update={"seed": [seed]})
    return study


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
