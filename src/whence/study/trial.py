"""A trial: the first epochs of a fine-tuning, which go on from where an earlier trial of it stopped.

Its state is that of the fine-tuning itself, so a longer trial, and in the end the whole fine-tuning, begin where the
shorter one ended and come to the same bits as without any.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from whence.paths import read_json, write_json
from whence.study.job import Job
from whence.study.resume import forget_state, state_file

VERSION = 1


def trial_of(finetuning: Job, until: int) -> Job:
    """The job that trains the first `until` epochs of a fine-tuning."""
    return replace(
        finetuning,
        kind="trial",
        version=VERSION,
        inputs={"finetuning": finetuning.key, "until": until, "threads": finetuning.inputs["threads"]},
        locate={"inputs": finetuning.inputs, "locate": finetuning.locate, "version": finetuning.version},
        cost=finetuning.cost * until / finetuning.inputs["recipe"]["epochs"],
    )


def result_of(trial: Job) -> tuple[tuple[float, ...], float]:
    """What a finished trial has shown: the validation AUC after each epoch, and the seconds that it took itself."""
    found = read_json(trial.folder / "result.json")
    return tuple(found["validation_auc"]), float(found["seconds"])


def forget_trial(finetuning: Job) -> None:
    """Delete the state of a fine-tuning that will not go on; its trials' results stay."""
    forget_state(finetuning.folder)


def begin(job: Job, folder: Path) -> None:
    """Do a trial; where the whole fine-tuning has been done already, its curve tells all."""
    whole = Job("finetune", job.locate["version"], job.locate["inputs"], job.locate["locate"])
    until = job.inputs["until"]
    if whole.state == "done":
        curve = [point["validation_auc"] for point in read_json(whole.folder / "curves.json")]
        share = min(until / len(curve), 1.0)
        seconds = share * read_json(whole.folder / "result.json")["seconds"]
    else:
        curve, seconds = _train(whole, until, folder)
    write_json(folder / "result.json", {"validation_auc": curve[:until], "seconds": round(seconds, 3)})


def _train(whole: Job, until: int, folder: Path) -> tuple[list[float], float]:
    from whence.study.work import what_to_train
    from whence.training.fitting import begin_on_fold
    from whence.training.keeping import Keeper
    from whence.training.recipe import Recipe

    dataset, fold, weights = what_to_train(whole)
    with (folder / "log.txt").open("w", encoding="utf-8") as log, state_file(whole.folder) as state:
        keeper = Keeper(state, say=lambda line: print(line, file=log, flush=True))
        epochs = begin_on_fold(
            dataset,
            fold,
            whole.inputs["backbone"],
            Recipe.model_validate(whole.inputs["recipe"]),
            until,
            weights=weights,
            seed=whole.seed,
            device=whole.inputs["device"],
            threads=whole.inputs["threads"],
            on_epoch=lambda e: print(
                f"epoch {e.number}: validation AUC {e.validation_auc:.4f}", file=log, flush=True
            ),
            keeper=keeper,
        )
        return [epoch.validation_auc for epoch in epochs], keeper.seconds - keeper.before
