"""Running a race: its trials are jobs, so the same call goes on with one that was cut off."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from whence.data import Dataset, Fold
from whence.errors import InputError, WorkFailed
from whence.recommend.candidates import Start
from whence.recommend.pace import Run
from whence.recommend.race import Track, Trial, leading, next_step, spent
from whence.recommend.reasons import race_told
from whence.recommend.situation import Situation
from whence.study.engines import Engine
from whence.study.job import Job
from whence.study.scheduler import Listener, run_jobs
from whence.study.single import finetune_plan
from whence.study.throughput import Throughput
from whence.study.trial import forget_trial, result_of, trial_of
from whence.study.work import study_folds

Say = Callable[[str], None]
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Budget:
    """What a race may cost: a time in seconds, or as much as fine-tuning so many sources on all folds."""

    seconds: float | None = None
    sources: float | None = None
    text: str = ""

    def fold_epochs(self, track: Track, each: float, at_a_time: int) -> float:
        """In epochs of one fold, where one takes `each` seconds and so many run at a time."""
        if self.sources is not None:
            return self.sources * track.folds * track.epochs
        assert self.seconds is not None
        return self.seconds * at_a_time / max(each, 1e-9)


def read_budget(text: str) -> Budget:
    """`30m`, `2h`, `90s`, or `k=3`: as much as fine-tuning three sources. Raises `InputError` for anything else."""
    if found := re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh])", text.strip()):
        value = float(found[1]) * UNITS[found[2]]
        if value > 0:
            return Budget(seconds=value, text=text)
    if (found := re.fullmatch(r"k\s*=\s*(\d+(?:\.\d+)?)", text.strip())) and float(found[1]) > 0:
        return Budget(sources=float(found[1]), text=text)
    raise InputError(
        f"the budget {text!r} cannot be read; give a time such as 30m or 2h, or k=3 for as much as fine-tuning three "
        "sources takes"
    )


@dataclass(frozen=True)
class Raced:
    """What came of a race: every run as far as it came, and what it took."""

    runs: list[Run]
    track: Track
    seconds: float  # of training, summed over runs
    over: str

    def document(self, situation: Situation, budget: Budget) -> dict[str, Any]:
        """What the JSON document and the page say of it."""
        share = spent(self.runs) / self.track.whole
        return {
            "budget": budget.text,
            "over": self.over,
            "told": race_told(self.over, self.seconds, share),
            "fold_epochs": spent(self.runs),
            "fold_epochs_of_everything": self.track.whole,
            "seconds": round(self.seconds, 1),
            "runs": [
                {
                    "source": situation.here[run.source].source,
                    "fold": run.fold,
                    "epochs": run.epochs,
                    "of": run.whole,
                    "validation_auc": run.curve[-1],
                }
                for run in sorted(self.runs, key=lambda run: (run.source, run.fold))
            ],
        }


def run_race(
    target: Dataset,
    starts: Sequence[Start],
    situation: Situation,
    budget: Budget,
    engine: Engine,
    *,
    backbone: str,
    recipe: Any,
    folds: int,
    seed: int,
    device: str,
    say: Say,
) -> Raced:
    """Race the candidates of `situation`, whose weights are those of `starts`, until settled or out of budget.

    Raises `WorkFailed` where a trial failed; what was run is kept, and the same call goes on from there.
    """
    by_name = {start.name: start for start in starts}
    jobs: dict[tuple[int, int], Job] = {}
    for source, candidate in enumerate(situation.here):
        if source in situation.known:
            continue
        name = _named(by_name[candidate.source])
        for entry in finetune_plan(name, target, backbone, recipe, folds, seed, device, lambda line: None):
            jobs[source, entry.fold] = entry.job
    cuts = study_folds(target, folds, seed)
    whole = next(iter(jobs.values())).inputs["recipe"]["epochs"] if jobs else 1
    track = Track(len(situation.here), folds, whole, 0.0, situation.known)
    runs: dict[tuple[int, int], Run] = {}
    seconds = 0.0

    def run(trials: Sequence[Trial]) -> None:
        nonlocal seconds
        _do([trial_of(jobs[t.source, t.fold], t.epochs) for t in trials], engine)
        for trial in trials:
            curve, took = result_of(trial_of(jobs[trial.source, trial.fold], trial.epochs))
            seconds += took
            runs[trial.source, trial.fold] = _run(trial, curve, cuts[trial.fold], whole)
            say(f"{situation.here[trial.source].source}, fold {trial.fold}: epoch {trial.epochs} of {whole}, "
                f"validation AUC {curve[-1]:.3f} ({took:.0f} s)")  # fmt: skip

    each = 0.0
    if jobs and budget.seconds is not None:
        # the first trial, of the first source, tells how fast this machine is
        first = next(source for source in situation.before if source not in situation.known)
        run([track.first_trial(first)])
        each = seconds / runs[first, 0].epochs
    track = replace(track, budget=budget.fold_epochs(track, each, engine.slots))
    say(
        f"racing {len(jobs) // folds} sources for {track.budget:.0f} of {track.whole:.0f} fold-epochs at most"
    )
    while (step := next_step(track, list(runs.values()), situation.believe, situation.before)).trials:
        run(step.trials)
    winner = leading(step.belief, situation.before, track.known | {source for source, _ in runs})
    _forget_all_but(winner, jobs)
    return Raced(list(runs.values()), track, seconds, step.over)


def _named(start: Start) -> str:
    return f"file:{start.weights}" if start.weights else "none"


def _do(trials: Sequence[Job], engine: Engine) -> None:
    """Run what is missing; `WorkFailed` where one failed."""
    missing = [trial for trial in trials if trial.state != "done"]
    if missing:
        run_jobs(missing, engine, Listener(), Throughput())
    failed = [trial for trial in missing if trial.state != "done"]
    if failed:
        raise WorkFailed(
            f"{len(failed)} of {len(trials)} trials failed, the first because: {failed[0].reason}. What was run is "
            "kept; the same command goes on from there"
        )


def _run(trial: Trial, curve: tuple[float, ...], fold: Fold, whole: int) -> Run:
    return Run(trial.source, trial.fold, whole, curve, len(fold.validation))


def _forget_all_but(winner: int, jobs: dict[tuple[int, int], Job]) -> None:
    """Delete the networks of the others' runs: they are as large as checkpoints, and can be trained again."""
    for (source, _), job in jobs.items():
        if source != winner:
            forget_trial(job)
