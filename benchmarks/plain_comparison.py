"""Whence against the plain script, fold by fold: STUDY.yaml WEIGHTS [--limit N].

Runs `plain_finetune.py` on every fold of a study (those of its recipes named small… or modern…), a line per fold in
`plain.csv` in the study's folder as it ends, and then compares with the study's `outcomes.csv`. What is in `plain.csv`
is not run again. The comparison is the corrected resampled t-test (`whence.stats.corrected_difference`).
"""

from __future__ import annotations

import argparse
import ast
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

from whence.api import Study
from whence.data import Dataset, Fold
from whence.stats import corrected_difference
from whence.study.study_file import StudyFile
from whence.study.work import study_folds
from whence.training.recipe import Recipe

SCRIPT = Path(__file__).with_name("plain_finetune.py")
COLUMNS = ["recipe", "target", "fold", "auc", "accuracy", "seconds", "load"]
LEVEL = 0.9


def main() -> None:
    """Run what is missing and print the comparison."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("study", type=Path)
    arguments.add_argument("weights", type=Path)
    arguments.add_argument("--limit", type=int, default=None, help="folds to run at most; 0 only compares")
    given = arguments.parse_args()
    study = Study.from_file(given.study)
    plan = study.plan(device="cpu")
    study.folder.mkdir(exist_ok=True)
    table = study.folder / "plain.csv"
    left = given.limit
    for recipe_name in dict.fromkeys(name for _, name in plan.recipes):
        for target, dataset in plan.targets.items():
            recipe = plan.recipes[target, recipe_name]
            for number, fold in enumerate(folds_of(dataset, plan.study)):
                if (recipe_name, target, number) in done(table) or left == 0:
                    continue
                append(
                    table, [recipe_name, target, number, *run(dataset, fold, recipe, number, given.weights)]
                )
                left = None if left is None else left - 1
    if table.exists() and (study.folder / "outcomes.csv").exists():
        compare(pd.read_csv(table), pd.read_csv(study.folder / "outcomes.csv"))


def folds_of(dataset: Dataset, study: StudyFile) -> tuple[Fold, ...]:
    """The folds that the study's jobs use."""
    return study_folds(dataset, study.folds, study.seed[0], study.group_near_duplicates)


def run(dataset: Dataset, fold: Fold, recipe: Recipe, number: int, weights: Path) -> list[Any]:
    """Train one fold with the plain script, in a process of its own."""
    settings = {name: getattr(recipe, name) for name in ("size", "batch", "epochs", "learning_rate")}
    document = settings | {
        part: [
            [ast.literal_eval(dataset.images.describe(int(i))), int(dataset.labels[i])]
            for i in getattr(fold, part)
        ]
        for part in ("train", "validation", "test")
    }
    document |= {
        "classes": len(dataset.class_names),
        "backbone": "resnet18",
        "seed": number,
        "modern": recipe.name.startswith("modern"),
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(document, file)
        file.flush()
        started = time.monotonic()
        command = [sys.executable, str(SCRIPT), file.name, str(weights)]
        ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found = json.loads(ended.stdout)
    return [
        found["auc"],
        found["accuracy"],
        round(time.monotonic() - started, 1),
        round(os.getloadavg()[0], 1),
    ]


def done(table: Path) -> set[tuple[str, str, int]]:
    """What the table holds already."""
    if not table.exists():
        return set()
    with table.open(newline="") as file:
        return {(row["recipe"], row["target"], int(row["fold"])) for row in csv.DictReader(file)}


def append(table: Path, row: list[Any]) -> None:
    """Add a line, and the header before the first."""
    new = not table.exists()
    with table.open("a", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([COLUMNS, row] if new else [row])


def compare(plain: pd.DataFrame, outcomes: pd.DataFrame) -> None:
    """Print mean ± sd of both, their difference over the folds that both have, and its 90 % interval."""
    both = outcomes.merge(plain, on=["recipe", "target", "fold"], suffixes=("", "_plain"))
    for (recipe, target), rows in both.groupby(["recipe", "target"], sort=False):
        for metric in ("auc", "accuracy"):
            ours, theirs = rows[metric].to_numpy(), rows[f"{metric}_plain"].to_numpy()
            told = f"{recipe} {target} {metric}: whence {ours.mean():.4f} ± {ours.std(ddof=1):.4f}, "
            told += f"plain {theirs.mean():.4f} ± {theirs.std(ddof=1):.4f}"
            if len(rows) > 1:
                ratio = float((rows["test_images"] / rows["train_images"]).mean())
                gap = corrected_difference(ours, theirs, test_to_train=ratio, level=LEVEL)
                told += f", difference {gap.mean:+.4f} ({LEVEL:.0%}: {gap.low:+.4f} to {gap.high:+.4f}, p {gap.p:.2f})"
            print(f"{told}, {len(rows)} folds")


if __name__ == "__main__":
    main()
