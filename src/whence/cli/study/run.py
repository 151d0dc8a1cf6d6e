"""whence study run FILE."""

from __future__ import annotations

import math
from typing import Annotated, Any

import typer

from whence.cli.common import Device, Json, Quiet, SkipUnreadable, Workers, say, speaker, verb
from whence.cli.study.common import File, SeedOfFile, open_study
from whence.cli.study.forecast import tell_forecast
from whence.cli.study.status import tell


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

    study = open_study(file, seed)
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
    tell(study, status, json, device, skip_unreadable)
    raise_failures(status)
    if status.waiting:
        say(f"{status.waiting} jobs are left; to go on: whence study run {file}")
    elif not json:
        say(f"next: whence study report {file}")


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
