"""A race as it is run, with trials that really train."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from whence.data import open_dataset
from whence.knowledge import known_outcomes
from whence.nets.backbone import build
from whence.nets.weights import save_weights
from whence.recommend import Candidate
from whence.recommend.candidates import ready
from whence.recommend.model import Belief
from whence.recommend.pace import Run
from whence.recommend.racing import read_budget, run_race
from whence.recommend.situation import Situation, look_at
from whence.study.engines import make_engine
from whence.study.resume import state_folder
from whence.study.single import finetune_plan

RECIPE = {"base": "small", "size": 16, "epochs": 4, "batch": 8}


class _Stubborn(Situation):
    """Expects most of the source that experience puts last, whatever is measured."""

    def believe(self, runs: Sequence[Run] = ()) -> Belief:
        expected = np.full(len(self.here), 1.0)
        expected[self.before[-1]] = 4.0
        flat = np.full(len(self.here), 1 / len(self.here))
        return Belief(expected, flat, flat, expected, expected - 1, expected + 1, np.zeros(len(self.here)))


def test_the_networks_of_what_the_race_hands_over_are_kept_and_no_others(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    """The race can only pay for one source; that more is expected of an untried one gives it no networks."""
    folder = picture_folder(("healthy", "ill"), per_class=12, seed=2, name="xrays")
    weights = tmp_path / "lab.safetensors"
    save_weights(weights, build("test_resnet", 2, 0.0, 3), {"arch": "test_resnet"})
    target, names = open_dataset(folder), ("none", f"file:{weights}")
    starts = [ready(name, "test_resnet") for name in names]
    candidates = [Candidate(start.name, start.trained_on) for start in starts]
    known = look_at(candidates, known_outcomes(), "xrays")
    situation = _Stubborn(known.here, known.standing, known.prior, known.reading, known.pace, known.seed)
    raced = run_race(
        target, starts, situation, read_budget("k=0.5"), make_engine("inline"), backbone="test_resnet",
        recipe=RECIPE, folds=2, seed=1, device="cpu", say=lambda line: None,
    )  # fmt: skip
    tried = {run.source for run in raced.runs}
    assert tried == {situation.before[0]}
    for source, name in enumerate(names):
        plan = finetune_plan(name, target, "test_resnet", RECIPE, 2, 1, "cpu", lambda line: None)
        kept = [state_folder(entry.job.folder).exists() for entry in plan]
        assert any(kept) == (source in tried)
