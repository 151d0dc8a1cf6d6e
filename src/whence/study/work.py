"""What each kind of job does: from its inputs to the files in its folder."""

from __future__ import annotations

import platform
from dataclasses import astuple, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from whence.data import Dataset, Fold, cut, open_dataset, split
from whence.errors import InputError, unknown_name
from whence.paths import write_json
from whence.records import CurvePoint, as_row
from whence.study import job as jobs
from whence.study.job import Job, State, Work, job_folder
from whence.study.journal import note_epoch
from whence.study.resume import state_file
from whence.training.choosing import Epoch

if TYPE_CHECKING:
    from whence.training.fitting import Fitted

# Raise a kind's version when the same inputs would give another result: old folders are then not taken for it.
VERSIONS = {"pretrain": 1, "finetune": 1}


def do_job(job: Job, engine: str = "") -> State:
    """Do a job of any kind in its folder, unless it is done: what every engine's process calls in the end."""
    return jobs.run(job, work_of(job.kind), engine)


def work_of(kind: str) -> Work:
    """The function that does jobs of this kind."""
    from whence.study.looking import look
    from whence.study.trial import begin

    known: dict[str, Work] = {"pretrain": pretrain, "finetune": finetune, "look": look, "trial": begin}
    if kind not in known:
        raise unknown_name("kind of job", kind, known)
    return known[kind]


def pretrain(job: Job, folder: Path) -> None:
    """Train on a source dataset's 80–10–10 split from random weights; keep the checkpoint."""
    from whence.nets.weights import save_weights

    dataset = _open(job)
    fold = split(dataset, seed=job.inputs["seed"], group_near_duplicates=_near(job))
    fitted = _train(job, folder, dataset, fold, None, job.folder)
    _write(job, folder, dataset, fold, fitted)
    record = {
        "format": "whence checkpoint 1",
        "arch": job.inputs["backbone"],
        "trained_on": dataset.name,
        "fingerprint": dataset.fingerprint,
        "classes": list(dataset.class_names),
        "licence": dataset.card.licence or "",
        "mean": list(fitted.normalise.mean),
        "std": list(fitted.normalise.std),
        "recipe": job.inputs["recipe"],
        "seed": job.inputs["seed"],
        "metrics": fitted.metrics,
        "job": job.key,
    }
    save_weights(folder / "checkpoint.safetensors", fitted.network, record)


def finetune(job: Job, folder: Path) -> None:
    """Fine-tune a source on one fold of a target; keep the test predictions."""
    dataset, fold, fitted = fit_fold(job, folder, job.folder)
    _write(job, folder, dataset, fold, fitted)


def fit_fold(job: Job, folder: Path, beside: Path) -> tuple[Dataset, Fold, Fitted]:
    """Train the network of a fine-tuning job, with its log in `folder` and its state beside the job folder `beside`."""
    dataset, fold, weights = what_to_train(job)
    return dataset, fold, _train(job, folder, dataset, fold, weights, beside)


def what_to_train(job: Job) -> tuple[Dataset, Fold, Path | None]:
    """The target, the fold of it and the weights (None: random ones) that a fine-tuning is about."""
    dataset = _open(job)
    fold = study_folds(dataset, job.inputs["folds"], job.inputs["seed"], _near(job))[job.inputs["fold"]]
    weights: Path | None = None
    if "pretraining" in job.inputs:
        weights = checkpoint_path(job.inputs["pretraining"])
    elif "weights" in job.inputs:
        weights = Path(job.locate["weights"])
        _check_unchanged(weights, job.inputs["weights"])
    return dataset, fold, weights


def study_folds(
    dataset: Dataset, folds: int | Literal["official"], seed: int, group_near_duplicates: bool = False
) -> tuple[Fold, ...]:
    """The folds that a study file's `folds` asks for: so many, or the dataset's own splits as one."""
    if folds == "official":
        return cut(dataset, seed=seed, official=True, group_near_duplicates=group_near_duplicates)
    return cut(dataset, folds=folds, seed=seed, group_near_duplicates=group_near_duplicates)


def checkpoint_path(key: str) -> Path:
    """Where the pretraining job of this key keeps its checkpoint."""
    return job_folder("pretrain", key) / "checkpoint.safetensors"


def _near(job: Job) -> bool:
    return bool(job.inputs.get("group_near_duplicates", False))


def _open(job: Job) -> Dataset:
    dataset = open_dataset(job.locate["dataset"], **job.locate["options"])
    if dataset.fingerprint != job.inputs["dataset"]:
        raise InputError(
            f"the dataset at {job.locate['dataset']} has changed since this job was planned: its fingerprint is "
            f"{dataset.fingerprint[:12]}, not {job.inputs['dataset'][:12]}; plan again by running the study again"
        )
    return dataset


def _check_unchanged(weights: Path, identity: str) -> None:
    from whence.nets.weights import weights_identity

    if not weights.is_file() or weights_identity(weights) != identity:
        raise InputError(f"the weights at {weights} have changed or gone since this job was planned")


def _train(
    job: Job, folder: Path, dataset: Dataset, fold: Fold, weights: Path | None, beside: Path
) -> Fitted:
    from whence.study.energy import metered
    from whence.training.fitting import train_on_fold
    from whence.training.keeping import Keeper
    from whence.training.recipe import Recipe

    with (folder / "log.txt").open("w", encoding="utf-8") as log, state_file(beside) as state:

        def say(line: str) -> None:
            log.write(line + "\n")
            log.flush()

        def note(epoch: Epoch) -> None:
            if state is not None:
                note_epoch(state.parent, _point(job, epoch))
            say(
                f"epoch {epoch.number}: loss {epoch.loss:.4f}, "
                f"validation AUC {epoch.validation_auc:.4f}, test AUC {epoch.test_auc:.4f}"
            )

        keeper = Keeper(state, say=say)
        with metered(job.locate.get("energy"), say) as energy:
            fitted = train_on_fold(
                dataset,
                fold,
                job.inputs["backbone"],
                Recipe.model_validate(job.inputs["recipe"]),
                weights=weights,
                seed=job.seed,
                device=job.inputs["device"],
                threads=job.inputs["threads"],
                on_epoch=note,
                keeper=keeper,
            )
        if energy and keeper.before:
            say("energy is not told: the part of this training before it was cut off is not in it")
            energy.clear()
        return replace(fitted, energy=energy)


def _write(job: Job, folder: Path, dataset: Dataset, fold: Fold, fitted: Fitted) -> None:
    import numpy as np

    write_json(
        folder / "result.json",
        {
            **fitted.metrics,
            **fitted.energy,
            "converged": fitted.converged,
            "epochs": len(fitted.epochs),
            "train_images": len(fold.train),
            "test_images": len(fold.test),
            "seconds": round(fitted.seconds, 3),
            "note": "; ".join(filter(None, [fitted.note, job.locate.get("because", "")])),
            "device": job.inputs["device"],
            "host": platform.node(),
        },
    )
    write_json(folder / "curves.json", [as_row(_point(job, epoch)) for epoch in fitted.epochs])
    np.savez_compressed(
        folder / "predictions.npz",
        image=np.array([dataset.digests[i] for i in fold.test]),
        label=dataset.labels[fold.test],
        probabilities=fitted.probabilities,
    )


def _point(job: Job, epoch: Epoch) -> CurvePoint:
    return CurvePoint(job.key, *astuple(epoch))
