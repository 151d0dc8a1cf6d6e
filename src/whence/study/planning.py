"""Planning a study: every dataset opened, every source found, every job named, before anything is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from whence.data import Dataset, Fold, open_dataset, survey
from whence.knowledge import source_name
from whence.nets.backbone import check_backbone, check_image_size
from whence.nets.forward import Device
from whence.nets.sources import Source, find_source, source_kind, trained_on
from whence.study.energy import check_energy
from whence.study.job import Job
from whence.study.naming import check_recipe_names, labels_of, located
from whence.study.plan import Entry, Plan
from whence.study.study_file import CardFacts, StudyFile
from whence.study.telling import told_plan, told_pretraining, told_recipe
from whence.study.work import VERSIONS, study_folds
from whence.training.recipe import Origin, Recipe, make_recipe, origins, steps
from whence.training.tuning import check_tune

FEW_STEPS = 200  # under this a recipe made for the paper's data sizes has hardly begun


def make_plan(
    study: StudyFile,
    *,
    base: Path | None = None,
    device: str = "cpu",
    skip_unreadable: bool = False,
    opened: dict[str, Dataset] | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Plan:
    """Open every dataset and weights file of `study`, cut the folds and name all jobs.

    Relative paths start from `base` (the study file's folder). `opened` holds datasets that are open already, by
    name. Raises `InputError` for the first thing that would stop the study later; nothing has been trained then.
    """
    for backbone in study.backbone:
        check_backbone(backbone)
    study = study.model_copy(update={"energy": check_energy(study.energy)})

    def open_named(name: str) -> Dataset:
        if opened and name in opened:
            return opened[name]
        say(f"reading {name}")
        dataset = open_dataset(located(name, base), skip_unreadable=skip_unreadable)
        survey(dataset)
        return dataset

    datasets = {
        name: _with_card(open_named(name), study.cards.get(name))
        for name in dict.fromkeys([*study.targets, *study.sources])
        if name in study.targets or source_kind(name) == "dataset"
    }
    labels = labels_of(study, datasets)
    ready = {
        (name, backbone): find_source(name, backbone, base)
        for name in study.sources
        for backbone in study.backbone
    }
    check_recipe_names(study)
    maker = _Maker(study, datasets, labels, device)
    for target in study.targets:
        for seed in study.seed:
            maker.cut(target, seed)
    for name in study.sources:
        for backbone in study.backbone:
            for choice in study.recipe:
                for seed in study.seed:
                    maker.add(ready[name, backbone], backbone, choice, seed)
    return Plan(
        study,
        list(maker.pretrainings.values()),
        maker.finetunings,
        {labels[n]: datasets[n] for n in study.sources if n in datasets},
        {labels[n]: datasets[n] for n in study.targets},
        {labels[n]: _known_as(source, labels[n], datasets.get(n)) for (n, _), source in ready.items()},
        maker.recipes,
        maker.origins,
        told_plan(list(ready.values()), labels, maker.recipes, maker.origins, maker.pretrained_by),
        list(dict.fromkeys(maker.warnings)),
    )


def _with_card(dataset: Dataset, said: CardFacts | None) -> Dataset:
    """The dataset with what the study file says of it on its card."""
    if said is None:
        return dataset
    return replace(dataset, card=replace(dataset.card, **said.model_dump(exclude_none=True)))


def plan_pretraining(
    source: Dataset,
    backbone: str,
    choice: str | dict[str, Any],
    seed: int,
    device: str,
    say: Callable[[str], None],
    energy: str | None = None,
) -> Entry:
    """The job that pretrains on one source dataset, outside any study."""
    check_backbone(backbone)
    survey(source)
    study = StudyFile(
        name="pretrain", sources=[source.address], targets=[source.address], energy=check_energy(energy)
    )
    labels = {source.address: source.name}
    maker = _Maker(study, {source.address: source}, labels, device)
    entry = maker.pretraining(Source(source.address, "dataset"), source, backbone, choice, seed)
    for line in [
        *(f"warning: {warning}" for warning in maker.warnings),
        *told_pretraining(maker.pretrained_by),
    ]:
        say(line)
    return entry


class _Maker:
    """Names the jobs of one source after the other."""

    def __init__(
        self, study: StudyFile, datasets: dict[str, Dataset], labels: dict[str, str], device: str
    ) -> None:
        self.study, self.datasets, self.labels, self.device = study, datasets, labels, device
        self.folds: dict[tuple[str, int], tuple[Fold, ...]] = {}
        self.pretrainings: dict[str, Entry] = {}
        self.finetunings: list[Entry] = []
        self.recipes: dict[tuple[str, str], Recipe] = {}
        self.origins: dict[tuple[str, str], dict[str, Origin]] = {}
        self.pretrained_by: dict[str, list[str]] = {}  # a recipe in words → the sources it is for
        self.warnings: list[str] = []
        self.excluded = {(labels.get(s, s), labels.get(t, t)) for s, t in study.exclude}

    def cut(self, target: str, seed: int) -> None:
        self.folds[target, seed] = study_folds(
            self.datasets[target], self.study.folds, seed, self.study.group_near_duplicates
        )

    def add(self, source: Source, backbone: str, choice: Any, seed: int) -> None:
        mine = self.datasets.get(source.name) if source.kind == "dataset" else None
        targets = [
            name
            for name in self.study.targets
            if (mine is None or self.datasets[name].fingerprint != mine.fingerprint)
            and (self.labels[source.name], self.labels[name]) not in self.excluded
        ]
        if not targets:
            return
        pretraining = self.pretraining(source, mine, backbone, choice, seed) if mine else None
        for name in targets:
            self._finetunings(source, pretraining, name, backbone, choice, seed)

    def pretraining(self, source: Source, dataset: Dataset, backbone: str, choice: Any, seed: int) -> Entry:
        overrides = self.study.overrides.pretrain.get(source.name)
        choice = self.study.pretrain_recipe or choice
        recipe = make_recipe(choice, "pretrain", source.name, overrides)
        words = told_recipe(recipe, origins(choice, "pretrain", source.name, overrides))
        self.pretrained_by.setdefault(words, []).append(self.labels[source.name])
        self._check(recipe, backbone, source.name, int(0.8 * len(dataset)))
        inputs = self._inputs(dataset, backbone, recipe, seed)
        job = Job(
            "pretrain",
            VERSIONS["pretrain"],
            inputs,
            _locate(dataset, self.study),
            cost=float(len(dataset) * recipe.epochs),
        )
        entry = Entry(job, self.labels[source.name], backbone, recipe.name, seed)
        return self.pretrainings.setdefault(job.key, entry)

    def _finetunings(
        self, source: Source, pretraining: Entry | None, target: str, backbone: str, choice: Any, seed: int
    ) -> None:
        dataset = self.datasets[target]
        overrides = self.study.overrides.finetune.get(target)
        recipe = make_recipe(choice, "finetune", target, overrides)
        folds = self.folds[target, seed]
        self._check(recipe, backbone, target, len(folds[0].train))
        self.recipes[self.labels[target], recipe.name] = recipe
        self.origins[self.labels[target], recipe.name] = origins(choice, "finetune", target, overrides)
        inputs = self._inputs(dataset, backbone, recipe, seed) | {"folds": self.study.folds}
        locate = _locate(dataset, self.study)
        if pretraining:
            inputs["pretraining"] = pretraining.job.key
        elif source.path:
            inputs["weights"] = source.identity
            locate["weights"] = str(source.path.absolute())
        for fold in range(len(folds)):
            job = Job(
                "finetune",
                VERSIONS["finetune"],
                inputs | {"fold": fold},
                locate,
                (pretraining.job.key,) if pretraining else (),
                float(len(dataset) * recipe.epochs),
            )
            self.finetunings.append(
                Entry(
                    job,
                    self.labels[source.name],
                    backbone,
                    recipe.name,
                    seed,
                    self.labels[target],
                    pretraining.job.key[:8] if pretraining else "",
                    fold,
                )
            )

    def _inputs(self, dataset: Dataset, backbone: str, recipe: Recipe, seed: int) -> dict[str, Any]:
        precision = Device.resolve(self.device, recipe.precision).precision
        settings = recipe.hashed() | {"precision": precision}
        inputs = {
            "dataset": dataset.fingerprint,
            "backbone": backbone,
            # The name decides nothing: two recipes with equal settings are one.
            "recipe": settings | {"name": ""},
            "seed": seed,
            "threads": self.study.threads,
            "device": self.device,
        }
        # Only where it is asked for, so that outcomes measured without it keep their keys.
        return inputs | ({"group_near_duplicates": True} if self.study.group_near_duplicates else {})

    def _check(self, recipe: Recipe, backbone: str, dataset: str, images: int) -> None:
        check_image_size(backbone, recipe.size)
        check_tune(backbone, recipe.tune)
        count = steps(recipe, images)
        if recipe.name.startswith("paper") and count < FEW_STEPS:
            self.warnings.append(
                f"recipe {recipe.name!r} leaves {count} steps on {self.labels.get(dataset, dataset)} "
                f"({images} training images): it was made for thousands of images, recipe 'small' for some hundred"
            )


def _known_as(source: Source, label: str, dataset: Dataset | None) -> str:
    """The name under which outcomes of a source are joined with those of other studies and networks."""
    if dataset:
        return source_name(label, dataset.fingerprint)
    return (trained_on(source.path) if source.path else None) or label


def _locate(dataset: Dataset, study: StudyFile) -> dict[str, Any]:
    found = {"dataset": dataset.address, "options": asdict(dataset.options)}
    return found | ({"energy": study.energy} if study.energy else {})
