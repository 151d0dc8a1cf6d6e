"""Somebody's study run again on this machine, as far as its data are here, and compared with what they measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from whence.diagnosis import versions
from whence.errors import InputError
from whence.nets.sources import source_kind
from whence.records import Outcome, as_row
from whence.share.agreement import BestAgreement, FoldAgreement, best_sources, compare_folds, counted
from whence.share.finding import AtHand, find_data
from whence.share.results import Results, read_results
from whence.study.driver import run
from whence.study.engines import Engine
from whence.study.known import Status, measured_so_far
from whence.study.ledger import Measured
from whence.study.naming import weights_label
from whence.study.plan import Plan
from whence.study.planning import make_plan
from whence.study.study_file import StudyFile
from whence.study.watching import Say, Watcher


@dataclass(frozen=True)
class Reproduction:
    """What came of running a study again."""

    study: str
    folder: Path
    status: Status
    outcomes: list[Outcome]
    folds: list[FoldAgreement]
    best: list[BestAgreement]
    missing: dict[str, str]  # datasets and weights that are not here, and how to tell where they are
    other_versions: dict[str, tuple[str, str]]  # package → theirs, ours

    @property
    def whole(self) -> bool:
        """Whether all of it ran."""
        return not self.missing and not self.status.failed and not counted(self.folds)["not run"]

    def document(self) -> dict[str, Any]:
        """What `whence study run ARCHIVE --json` prints: what any study's run does, and how it compares."""
        status = self.status
        return {
            "study": self.study,
            "jobs": {"done": status.done, "failed": status.failed, "waiting": status.waiting},
            "outcomes": [as_row(one) for one in self.outcomes],
            "failures": status.failures,
            "agreement": counted(self.folds),
            "folds": [asdict(one) for one in self.folds],
            "best": [asdict(one) for one in self.best],
            "missing": self.missing,
            "versions": {
                name: {"then": then, "now": now} for name, (then, now) in self.other_versions.items()
            },
        }


def reproduce(
    archive: Path,
    folder: Path,
    engine: Engine,
    *,
    data: Sequence[str] = (),
    device: str,
    watchers: Sequence[Watcher] = (),
    say: Say,
) -> Reproduction:
    """Run the study of a results archive again, its results in `folder`, and compare fold by fold.

    Datasets are taken from where `data` (NAME=PATH) says, by their public names, or from where this machine has had
    them, and must have the study's fingerprints. What is not here is left out and told. The outcomes do not become
    experience by this: `whence knowledge add` takes the archive. Raises `InputError` for an archive that is refused,
    and where nothing of it can be run.
    """
    results = read_results(archive)
    found = find_data(results, data, say)
    study, labels = _runnable(results, found)
    plan = make_plan(study, device=device, opened=found.datasets, say=say)
    for line in (*(f"warning: {warning}" for warning in plan.warnings), *plan.notes):
        say(line)
    status = run(plan, folder, engine, say, watchers=watchers, remember=False)
    again = _measured(plan, folder, labels)
    folds = compare_folds(results.measured, again)
    outcomes = [one.row for one in again if isinstance(one.row, Outcome)]
    best, other = best_sources(folds), _other(results.versions)
    return Reproduction(results.study.name, folder, status, outcomes, folds, best, found.missing, other)


def _runnable(results: Results, found: AtHand) -> tuple[StudyFile, dict[str, str]]:
    """The study without what is not here, its weights as called here; and their labels here → those they had."""
    study, told = results.study, {"none", *results.datasets, *results.weights}
    unknown = [name for name in (*study.sources, *study.targets) if name not in told and not _is_unused(name)]
    if unknown:
        raise InputError(f"the archive of {study.name!r} is refused: it does not tell what {unknown[0]!r} is")
    sources = [found.weights.get(name, name) for name in study.sources if name in told - set(found.missing)]
    targets = [name for name in study.targets if name not in found.missing]
    if not sources or not targets:
        raise InputError(
            f"nothing of study {study.name!r} can be run here: "
            + "; ".join(f"{name}: {why}" for name, why in found.missing.items())
        )
    labels = {weights_label(here): results.weights[name]["name"] for name, here in found.weights.items()}
    return study.model_copy(update={"sources": sources, "targets": targets}), labels


def _is_unused(name: str) -> bool:
    """Whether an archive may leave out what a source is: ready weights that were excluded from every target."""
    return source_kind(name) == "weights"


def _measured(plan: Plan, folder: Path, labels: dict[str, str]) -> list[Measured]:
    _, rows = measured_so_far(plan, folder)
    return [
        replace(one, row=replace(one.row, source=labels.get(one.row.source, one.row.source)))
        for one in rows
        if isinstance(one.row, Outcome)
    ]


def _other(theirs: dict[str, str]) -> dict[str, tuple[str, str]]:
    ours = versions()
    return {name: (one, ours.get(name, "–")) for name, one in theirs.items() if ours.get(name) != one}
