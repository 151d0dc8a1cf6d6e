"""Pretrain on a source, fine-tune on a target, and see what the network looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from whence.api.saying import Say, silent
from whence.data import Dataset
from whence.nets.forward import check_device
from whence.records import Outcome, Pretraining
from whence.study.engines import make_engine


@dataclass(frozen=True)
class Checkpoint:
    """A pretrained network on disk and how good it was at its own task.

    `path` is the weights file (safetensors), `row` the network's AUC and accuracy on its source's own split.
    """

    path: Path
    row: Pretraining

    @property
    def source(self) -> str:
        """The name under which a study or `finetune` takes it as source."""
        return f"file:{self.path}"


def pretrain(
    source: Dataset | str | Path,
    *,
    backbone: str = "resnet50",
    recipe: str | Mapping[str, Any] = "small",
    seed: int = 1,
    device: str = "auto",
    engine: str = "local",
    energy: str | None = None,
    say: Say = silent,
) -> Checkpoint:
    """Train `backbone` on a source dataset (one grouped, stratified 80–10–10 split) and keep the checkpoint.

    The same call again returns the checkpoint that is there. `energy`, a country's code (NLD, USA …), measures energy
    and carbon with codecarbon. Raises `InputError` for what cannot be opened,
    `WorkFailed` with the reason if training failed.
    """
    from whence.study.single import pretrain_plan, run_plan
    from whence.study.work import checkpoint_path

    plan = pretrain_plan(source, backbone, recipe, seed, check_device(device), say, energy)
    found = run_plan(plan, make_engine(engine, device=check_device(device)), say)[0]
    assert isinstance(found, Pretraining)
    return Checkpoint(checkpoint_path(found.job), found)


def finetune(
    source: Checkpoint | Dataset | str | Path,
    target: Dataset | str | Path,
    *,
    backbone: str = "resnet50",
    recipe: str | Mapping[str, Any] = "small",
    folds: int | Literal["official"] = 5,
    seed: int = 1,
    device: str = "auto",
    engine: str = "local",
    workers: int | None = None,
    energy: str | None = None,
    say: Say = silent,
) -> list[Outcome]:
    """Fine-tune a source on a target, fold by fold; return one outcome per fold.

    A source that is a dataset is pretrained on first. What was measured before is not measured again. `recipe` is a
    name or a mapping with `base` (see `whence.training.recipe.make_recipe`). `energy`, a country's code (NLD, USA …),
    measures energy and carbon with codecarbon. Raises `InputError` for what cannot be opened or has too few images for
    the folds, `WorkFailed` where a fold failed; what was finished is kept.
    """
    from whence.study.single import finetune_plan, run_plan

    if isinstance(source, Checkpoint):
        source = source.source
    plan = finetune_plan(source, target, backbone, recipe, folds, seed, check_device(device), say, energy)
    chosen = make_engine(engine, workers=workers, device=check_device(device))
    return [row for row in run_plan(plan, chosen, say) if isinstance(row, Outcome)]


def look(
    source: Checkpoint | Dataset | str | Path,
    target: Dataset | str | Path,
    folder: str | Path,
    *,
    layer: str | None = None,
    with_images: bool = False,
    images: int = 8,
    fold: int = 1,
    backbone: str = "resnet50",
    recipe: str | Mapping[str, Any] = "small",
    folds: int | Literal["official"] = 5,
    seed: int = 1,
    device: str = "auto",
    say: Say = silent,
) -> dict[str, Any]:
    """Draw where the network of one fine-tuned fold looks, into `folder`: the document of `whence look --json`.

    The fold is trained again, to the same bits as `finetune` does on the same machine. Only `with_images` draws
    pictures in which images of the target can be seen. Raises `InputError` for an unknown layer or fold.
    """
    from whence.study.looking import look_fold
    from whence.study.single import finetune_plan

    if isinstance(source, Checkpoint):
        source = source.source
    plan = finetune_plan(source, target, backbone, recipe, folds, seed, check_device(device), say)
    return look_fold(plan, fold, Path(folder), layer, images if with_images else 0, say)
