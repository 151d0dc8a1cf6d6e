"""Outcomes that this machine has measured on a target before, from its job folders."""

from __future__ import annotations

import json
from collections import defaultdict

from whence.data import Dataset
from whence.errors import InputError
from whence.paths import home, read_json
from whence.study.job import read_job

Measured = dict[str, list[float]]  # what a source's weights are called in a job's inputs → AUC of each fold


def measured_here(target: Dataset, backbone: str) -> Measured:
    """AUC by fold of every source fine-tuned on `target` with `backbone`, all under one recipe, folds and seed.

    Outcomes of different settings cannot be compared, so the setting under which most sources were measured on all
    their folds is taken. A source is named by the key of its pretraining, the hash of its weights, or "none".
    """
    settings: dict[str, dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for mark in (home() / "jobs" / "finetune").glob("*/done"):
        try:
            inputs = read_job(mark.parent).inputs
            auc = read_json(mark.parent / "result.json")["auc"]
        except (InputError, OSError, ValueError, KeyError):
            continue  # a folder that somebody touched is no evidence
        if inputs["dataset"] == target.fingerprint and inputs["backbone"] == backbone:
            setting = json.dumps([inputs[k] for k in ("recipe", "folds", "seed")], sort_keys=True)
            source = inputs.get("pretraining") or inputs.get("weights") or "none"
            settings[setting][source][inputs["fold"]] = auc
    whole: list[tuple[str, Measured]] = []
    for setting, sources in settings.items():
        folds = json.loads(setting)[1]
        wanted = 1 if folds == "official" else folds
        complete = {
            s: [found[k] for k in sorted(found)] for s, found in sources.items() if len(found) == wanted
        }
        whole.append((setting, complete))
    return max(whole, key=lambda pair: (len(pair[1]), pair[0]), default=("", {}))[1]
