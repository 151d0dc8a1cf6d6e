"""A fine-tuning that was begun in trials ends as one that was not: the same bits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from whence.paths import read_json
from whence.study import job as jobs
from whence.study.job import Job
from whence.study.resume import state_folder
from whence.study.single import finetune_plan
from whence.study.trial import begin, forget_trial, result_of, trial_of
from whence.study.work import finetune

RECIPE = {"base": "small", "size": 16, "epochs": 5, "batch": 8}


@pytest.fixture
def finetuning(picture_folder: Callable[..., Path]) -> Callable[[], Job]:
    folder = picture_folder(("healthy", "ill"), per_class=12, seed=2, name="xrays")
    return lambda: (
        finetune_plan("none", str(folder), "test_resnet", RECIPE, 2, 1, "cpu", lambda line: None)[0].job
    )


def test_trials_lead_to_the_same_bits(
    finetuning: Callable[[], Job], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def whole(home: str) -> tuple[Job, list[float], np.ndarray]:
        job = finetuning()
        assert jobs.run(job, finetune) == "done"
        with np.load(job.folder / "predictions.npz") as found:
            probabilities = found["probabilities"]
        return job, [p["validation_auc"] for p in read_json(job.folder / "curves.json")], probabilities

    monkeypatch.setenv("WHENCE_HOME", str(tmp_path / "undisturbed"))
    _, curve, expected = whole("undisturbed")

    monkeypatch.setenv("WHENCE_HOME", str(tmp_path / "raced"))
    job = finetuning()
    for until in (1, 3, 2):  # the last one asks for less than is there
        trial = trial_of(job, until)
        assert jobs.run(trial, begin) == "done"
        assert list(result_of(trial)[0]) == curve[:until]
        assert job.state == "waiting"
    assert "going on in epoch 2" in (trial_of(job, 3).folder / "log.txt").read_text()
    _, again, found = whole("raced")
    assert "going on in epoch 4" in (job.folder / "log.txt").read_text()
    assert again == curve
    assert np.array_equal(found, expected)
    late = trial_of(job, 4)  # the whole curve is known by now
    assert jobs.run(late, begin) == "done"
    assert list(result_of(late)[0]) == curve[:4]


def test_a_trial_whose_state_was_given_up_begins_anew(finetuning: Callable[[], Job]) -> None:
    job = finetuning()
    assert jobs.run(trial_of(job, 1), begin) == "done"
    assert state_folder(job.folder).exists()
    forget_trial(job)
    assert not state_folder(job.folder).exists()
    assert jobs.run(trial_of(job, 2), begin) == "done"
    assert result_of(trial_of(job, 2))[0][:1] == result_of(trial_of(job, 1))[0]
