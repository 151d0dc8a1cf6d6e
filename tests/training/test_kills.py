"""A real job killed with SIGKILL in the middle of its training, twice, ends with the bytes of one that was not."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from benchmarks.kills import run_killed

from whence.study import job as jobs
from whence.study.single import pretrain_plan
from whence.study.work import work_of


class Soon(random.Random):
    """The moments of the kills: right after a state was kept, so that a short job is long enough."""

    def uniform(self, a: float, b: float) -> float:
        return 0.05


def test_killed_twice_it_ends_with_the_same_bytes(
    picture_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = {"base": "modern", "size": 16, "batch": 4, "epochs": 15, "patience": None}
    job = pretrain_plan(picture_folder(), "test_resnet", recipe, 1, "cpu", lambda line: None)[0].job
    assert jobs.run(job, work_of("pretrain")) == "done"
    undisturbed = (job.folder / "checkpoint.safetensors").read_bytes()
    monkeypatch.setenv("WHENCE_HOME", str(tmp_path / "other"))
    assert job.state == "waiting"
    assert run_killed(job, 2, Soon()) == 2
    assert (job.folder / "log.txt").read_text().startswith("going on in epoch")
    assert (job.folder / "checkpoint.safetensors").read_bytes() == undisturbed
