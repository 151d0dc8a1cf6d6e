"""One pretraining or one source on one target, without a study file: the same jobs, no ledger."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

from whence.data import Dataset, open_dataset
from whence.errors import InputError, WorkFailed
from whence.nets.sources import source_kind
from whence.records import Outcome, Pretraining
from whence.study import job as jobs
from whence.study.collect import measured
from whence.study.engines import Engine
from whence.study.job import Job
from whence.study.memory import settled
from whence.study.plan import Entry
from whence.study.planning import make_plan, plan_pretraining
from whence.study.preflight import warn_of_leakage
from whence.study.progress import Lines
from whence.study.scheduler import Listener, run_jobs
from whence.study.study_file import make_study
from whence.study.throughput import Throughput
from whence.study.watching import Say
from whence.study.words import describe

Recipe = str | Mapping[str, Any]


def pretrain_plan(
    source: Dataset | str | Path,
    backbone: str,
    recipe: Recipe,
    seed: int,
    device: str,
    say: Say,
    energy: str | None = None,
) -> list[Entry]:
    """The one job that pretrains on `source`."""
    if not isinstance(source, Dataset):
        if source_kind(str(source)) != "dataset":
            raise InputError(
                f"source {str(source)!r} is no dataset to pretrain on; give a folder, table, .npz or name"
            )
        source = open_dataset(source)
    return [plan_pretraining(source, backbone, _plain(recipe), seed, device, say, energy)]


def finetune_plan(
    source: Dataset | str | Path,
    target: Dataset | str | Path,
    backbone: str,
    recipe: Recipe,
    folds: int | Literal["official"],
    seed: int,
    device: str,
    say: Say,
    energy: str | None = None,
) -> list[Entry]:
    """The jobs that fine-tune `source` on every fold of `target`, a pretraining first where it is a dataset."""
    opened = {d.address: d for d in (source, target) if isinstance(d, Dataset)}
    names = [d.address if isinstance(d, Dataset) else str(d) for d in (source, target)]
    fields = {
        "name": "finetune",
        "sources": names[:1],
        "targets": names[1:],
        "backbone": backbone,
        "recipe": _plain(recipe),
        "folds": folds,
        "seed": seed,
        "energy": energy,
    }
    plan = make_plan(make_study(fields, "fine-tuning"), device=device, opened=opened, say=say)
    for warning in plan.warnings:
        say(f"warning: {warning}")
    warn_of_leakage(plan, say)
    if not plan.finetunings:
        raise InputError(f"source and target are the same dataset ({names[1]}); name another source, or none")
    for note in plan.notes:
        say(note)
    return plan.entries


def run_plan(plan: list[Entry], engine: Engine, say: Say) -> list[Outcome | Pretraining]:
    """Run what is missing and return what every job measured, in the plan's order; `WorkFailed` if one failed."""
    jobs.sweep()
    plan, throughput = settled(plan), Throughput.of_earlier_jobs()
    with closing(engine):
        plan = _until_done(plan, engine, say, throughput)
    return [measured(entry, "").row for entry in _wanted(plan)]


def _until_done(plan: list[Entry], engine: Engine, say: Say, throughput: Throughput) -> list[Entry]:
    while missing := _missing(plan):
        run_jobs([entry.job for entry in missing], engine, _Teller(missing, say, throughput), throughput)
        before, plan = {entry.job.key for entry in plan}, settled(plan)
        failed = [entry for entry in plan if entry.job.state == "failed"]
        if failed and {entry.job.key for entry in plan} == before:
            raise WorkFailed(f"{describe(failed[0])} failed: {failed[0].job.reason}")
    return plan


class _Teller(Listener):
    """Says a line as each job ends."""

    def __init__(self, missing: list[Entry], say: Say, throughput: Throughput) -> None:
        self.entries = {entry.job.key: entry for entry in missing}
        self.say, self.throughput = say, throughput
        self.lines = Lines(say, throughput)
        self.lines.begin(missing, [])

    def again(self, job: Job, reason: str) -> None:
        self.say(f"again: {describe(self.entries[job.key])}: {reason}")

    def ended(self, job: Job, reason: str) -> None:
        entry = self.entries[job.key]
        found = None if reason else measured(entry, "")
        if found:
            self.throughput.add(job)
        self.lines.ended(entry, found, reason)


def _wanted(plan: list[Entry]) -> list[Entry]:
    """The fine-tunings, or the pretraining where there are none."""
    return [entry for entry in plan if entry.target] or plan


def _missing(plan: list[Entry]) -> list[Entry]:
    """What is still to be run: a pretraining only where a fine-tuning that is missing needs it."""
    missing = [entry for entry in _wanted(plan) if entry.job.state != "done"]
    needed = {key for entry in missing for key in entry.job.needs}
    return [e for e in plan if e.job.key in needed and e.job.state != "done"] + missing


def _plain(recipe: Recipe) -> Any:
    return recipe if isinstance(recipe, str) else dict(recipe)
