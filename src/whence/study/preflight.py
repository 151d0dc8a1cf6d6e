"""Before any job: what in a study's data would make its outcomes worth less, and what would make them wrong.

Leakage stops a study unless its file says `allow_leakage: true`, and then its report says so. Everything else warns.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from whence.data import Dataset, check, survey
from whence.data.leakage import leaks_between, leaks_of_fold, near_leaks_between, near_leaks_of_folds
from whence.errors import InputError
from whence.records import Finding
from whence.study.plan import Plan
from whence.study.watching import Say
from whence.study.work import study_folds

TOLD = 3  # leaks that an error names


@dataclass
class Leakage:
    """What stands on both sides of a test: `leaks` (errors), and `doubts` (warnings: near-duplicates)."""

    leaks: list[Finding] = field(default_factory=list)
    doubts: list[Finding] = field(default_factory=list)


def look_over(plan: Plan, say: Say) -> None:
    """Tell what the checks find in a study's datasets; raise `InputError` for leakage that is not allowed."""
    for name, dataset in ({} | plan.sources | plan.targets).items():
        for finding in check(dataset, survey(dataset)):
            if finding.severity != "info":
                say(f"{name}: {finding}")
    found = leakage(plan)
    for doubt in found.doubts:
        say(str(doubt))
    if found.leaks and not plan.study.allow_leakage:
        told = "; ".join(leak.told() for leak in found.leaks[:TOLD])
        more = f"; and {len(found.leaks) - TOLD} more of the kind" if len(found.leaks) > TOLD else ""
        raise InputError(
            f"study {plan.study.name!r} would test on what it trains on: {told}{more}. {found.leaks[0].advice}; or "
            "write allow_leakage: true into the study file to run it all the same: its report will say so"
        )
    for leak in found.leaks:
        say(f"allowed by allow_leakage: {leak.what}")


def warn_of_leakage(plan: Plan, say: Say) -> None:
    """Tell of leakage where nothing can be allowed or refused: a single fine-tuning."""
    found = leakage(plan)
    for finding in (*found.leaks, *found.doubts):
        say(str(finding))


def leakage(plan: Plan) -> Leakage:
    """Leaks and near-leaks of every fold of every target, and between every source dataset and its targets."""
    found = Leakage()
    surveys = {
        dataset.fingerprint: survey(dataset) for dataset in ({} | plan.sources | plan.targets).values()
    }
    for dataset in plan.targets.values():
        seen = surveys[dataset.fingerprint]
        folds = [
            fold
            for seed in plan.study.seed
            for fold in study_folds(dataset, plan.study.folds, seed, plan.study.group_near_duplicates)
        ]
        found.leaks += [leak for fold in folds for leak in leaks_of_fold(dataset, seen, fold)]
        found.doubts += near_leaks_of_folds(dataset, seen, folds)
    for source, target in _transfers(plan):
        pair = source, surveys[source.fingerprint], target, surveys[target.fingerprint]
        found.leaks += leaks_between(*pair)
        found.doubts += near_leaks_between(*pair)
    return Leakage(list(dict.fromkeys(found.leaks)), found.doubts)


def _transfers(plan: Plan) -> list[tuple[Dataset, Dataset]]:
    """Every source that is a dataset with every target it is fine-tuned on, each pair once."""
    pairs = dict.fromkeys((entry.source, entry.target) for entry in plan.finetunings)
    return [
        (plan.sources[source], plan.targets[target]) for source, target in pairs if source in plan.sources
    ]
