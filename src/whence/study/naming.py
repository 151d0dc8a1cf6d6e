"""Where a study file's names lead, and what its tables call them."""

from __future__ import annotations

from pathlib import Path

from whence.data import Dataset, rebased
from whence.errors import InputError
from whence.study.study_file import StudyFile
from whence.training.recipe import make_recipe


def located(name: str, base: Path | None) -> str:
    """What `open_dataset` is given for a name: a relative path starts from `base`, the study file's folder."""
    return name if base is None else rebased(name, base)


def labels_of(study: StudyFile, datasets: dict[str, Dataset]) -> dict[str, str]:
    """What each source and target is called in tables: without the path, so that no machine's folders get there."""
    labels = {}
    for name in dict.fromkeys([*study.targets, *study.sources]):
        if name in datasets:
            labels[name] = datasets[name].name
        else:
            labels[name] = weights_label(name)
    for names in (study.sources, study.targets):
        called = [labels[name] for name in names]
        for name in names:
            if called.count(labels[name]) > 1:
                raise InputError(
                    f"two of {', '.join(names)} are both called {labels[name]!r} in the tables; rename one folder"
                )
    return labels


def weights_label(name: str) -> str:
    """What a source that is no dataset is called in tables: a file by its name alone."""
    return f"file:{Path(name.removeprefix('file:')).stem}" if name.startswith("file:") else name


def check_recipe_names(study: StudyFile) -> None:
    """Outcomes are told apart by the recipe's name, so two recipes of one study must not share it."""
    names = [make_recipe(choice, "finetune").name for choice in study.recipe]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"study {study.name!r}: two recipes are both called {name!r} in the tables; give each a name of its "
                "own: recipe: [{base: small, epochs: 5, name: short}, {base: small, epochs: 50, name: long}]"
            )
