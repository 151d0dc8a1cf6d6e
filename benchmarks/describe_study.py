"""What can be known of a study's pairs before any fine-tuning, written beside its outcomes; numbers only.

    python benchmarks/describe_study.py studies/medical-grid.yaml [--measures logme leep ...]

Writes `targets.csv` (what each target is like) and `probes.csv` (the AUC of a linear probe of every source on every
fold of every target, as `whence rank` takes it); with `--measures` also `scores.csv`, these measures where they apply,
with their 90 % intervals. The sources' networks must be in the cache: run the study first.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

import whence
from whence.api import Study, scores_document
from whence.data import Dataset
from whence.knowledge import describe
from whence.recommend.candidates import find_candidates
from whence.study.naming import located
from whence.study.plan import Plan

SIZE = 64


def main() -> None:
    """Describe, write, and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", type=Path)
    parser.add_argument("--measures", nargs="*", default=[])
    parser.add_argument("--draws", type=int, default=20)
    given = parser.parse_args()
    plan = Study.from_file(given.study).plan(device="cpu")
    folder = given.study.with_suffix("")
    folder.mkdir(exist_ok=True)
    targets = [{"target": name} | asdict(describe(dataset)) for name, dataset in plan.targets.items()]
    pd.DataFrame(targets).to_csv(folder / "targets.csv", index=False)
    pairs = list(sources_of_targets(plan, given.study.parent))
    pd.DataFrame(probes(plan, pairs)).to_csv(folder / "probes.csv", index=False)
    if given.measures:
        table = pd.DataFrame(measured(plan, pairs, given.measures, given.draws))
        table["warned"] = table.pop("note") != ""
        kept = table.drop(columns=["kind", "seconds"]).round({"value": 6, "low": 6, "high": 6})
        kept.to_csv(folder / "scores.csv", index=False)


def sources_of_targets(plan: Plan, base: Path) -> Iterator[tuple[Dataset, list[str]]]:
    """Each target, and the sources that the study tries on it, as they are opened from here."""
    named = dict(zip(plan.study.sources, plan.trained_on, strict=True))
    for name, target in plan.targets.items():
        tried = {entry.source for entry in plan.finetunings if entry.target == name}
        yield target, [_opened_from(source, base) for source in plan.study.sources if named[source] in tried]


def _opened_from(source: str, base: Path) -> str:
    path = source.removeprefix("file:")
    return source.removesuffix(path) + located(path, base)


def folds_of(plan: Plan) -> int:
    """How many folds the study cuts."""
    assert plan.study.folds != "official"
    return plan.study.folds


def probes(plan: Plan, pairs: Iterable[tuple[Dataset, list[str]]]) -> Iterator[dict[str, Any]]:
    """A row per target, source and fold."""
    for target, sources in pairs:
        started = time.perf_counter()
        found = find_candidates(
            target, sources, plan.study.backbone[0], size=SIZE, folds=folds_of(plan), seed=plan.study.seed[0],
            device="cpu", say=lambda line: None,
        )  # fmt: skip
        for candidate in found.candidates:
            for fold, auc in enumerate(candidate.probe or ()):
                yield {"target": target.name, "source": candidate.source, "fold": fold, "auc": round(auc, 6)}
        print(
            f"{target.name}: {time.perf_counter() - started:.0f} s, load {os.getloadavg()[0]:.1f}", flush=True
        )


def measured(
    plan: Plan, pairs: Iterable[tuple[Dataset, list[str]]], measures: Sequence[str], draws: int
) -> Iterator[dict[str, Any]]:
    """A row per measure, target and source."""
    for target, sources in pairs:
        started = time.perf_counter()
        found = whence.scores(
            target, sources, measures=measures, backbone=plan.study.backbone[0], size=SIZE, folds=folds_of(plan),
            seed=plan.study.seed[0], device="cpu", draws=draws,
        )  # fmt: skip
        yield from scores_document(found)["values"]
        print(
            f"{target.name}, measures: {time.perf_counter() - started:.0f} s, load {os.getloadavg()[0]:.1f}"
        )


if __name__ == "__main__":
    main()
