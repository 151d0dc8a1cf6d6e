"""Outcomes summed up: mean and standard deviation over folds."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, stdev
from typing import Any

from whence.records import Outcome, as_row
from whence.stats import Estimate, estimates_over_folds
from whence.study.job import job_folder


def spread(values: Sequence[float]) -> dict[str, float | None]:
    """Mean and sample standard deviation over folds; the latter is None for a single fold."""
    return {"mean": mean(values), "sd": stdev(values) if len(values) > 1 else None}


def summarise(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The document of `whence finetune` for the outcomes of one source on one target."""
    first = outcomes[0]
    return {
        "source": first.source,
        "target": first.target,
        "backbone": first.backbone,
        "auc": spread([o.auc for o in outcomes]),
        "accuracy": spread([o.accuracy for o in outcomes]),
        "outcomes": [as_row(o) for o in outcomes],
    }


def fold_metrics(outcomes: Sequence[Outcome], classes: Sequence[str]) -> dict[str, Estimate]:
    """Every metric as a mean over folds with its interval, from the predictions that the jobs stored."""
    import numpy as np

    folds = []
    for outcome in outcomes:
        path = job_folder("finetune", outcome.job) / "predictions.npz"
        with np.load(path, allow_pickle=False) as stored:
            folds.append((stored["label"], stored["probabilities"]))
    return estimates_over_folds(folds, classes)


def summary_rows(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """One row per source and target (and backbone, recipe, seed where there are several), best first per target."""
    groups: dict[tuple[str, ...], list[Outcome]] = {}
    for outcome in outcomes:
        key = (outcome.target, outcome.source, outcome.backbone, outcome.recipe, str(outcome.seed))
        groups.setdefault(key, []).append(outcome)
    rows = [
        {
            "target": target,
            "source": source,
            "backbone": backbone,
            "recipe": recipe,
            "seed": seed,
            "AUC": mean(o.auc for o in found),
            "sd": stdev([o.auc for o in found]) if len(found) > 1 else float("nan"),
            "folds": len(found),
        }
        for (target, source, backbone, recipe, seed), found in groups.items()
    ]
    return sorted(rows, key=lambda row: (row["target"], -row["AUC"]))
