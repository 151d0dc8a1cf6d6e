"""Cut a dataset into training, validation and test images.

Groups (patients, lesions, slides) are never divided, and pixel-identical images count as one group. Official
splits are pooled and re-cut unless they are asked for.
"""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from whence.data.dataset import Dataset
from whence.data.kept_folds import Fold, kept_or_cut
from whence.data.near_duplicates import kept_near_pairs
from whence.data.parts import Indices, cut_parts, unite
from whence.data.survey import survey
from whence.errors import InputError

LEAST_GROUPS = 3  # one each for training, validation and test
LEAST_IMAGES = 3  # likewise, for the single split of a pretraining source
ATTEMPTS = 10


def cut(
    dataset: Dataset,
    *,
    folds: int = 5,
    seed: int = 0,
    official: bool = False,
    group_near_duplicates: bool = False,
) -> tuple[Fold, ...]:
    """Grouped, stratified folds of a dataset.

    2 × `folds` equal parts are cut; fold k tests on part 2k, validates on part 2k + 1 and trains on the rest.
    So with five folds each is 80–10–10, and half of the images are ever tested. The same dataset,
    `folds` and `seed` give the same folds. With `official`, one fold: the dataset's own splits
    (validation is cut from training where there is none). With `group_near_duplicates`, images that look nearly
    the same are not divided either. Surveys the dataset, for pixel-identical images.
    Raises `InputError` where a class is too small, saying what is needed.
    """
    _check_seed(seed)
    if official:
        return (_official(dataset, seed, group_near_duplicates),)
    if isinstance(folds, bool) or not isinstance(folds, int) or not 2 <= folds <= 50:
        raise InputError(f"folds is {folds!r}; accepted is a whole number from 2 to 50")
    groups = _groups(dataset, group_near_duplicates)
    for label, (name, images) in enumerate(dataset.class_counts().items()):
        if images < 2 * folds:
            fewer = f"cut fewer folds ({images // 2})" if images >= 4 else "leave it out"
            raise InputError(
                f"class {name!r} of {dataset.name!r} has {images} images; {folds} folds need at least "
                f"{2 * folds}: {fewer}, add images, or merge it with another class"
            )
        _check_groups(dataset, label, groups)
    if len(np.unique(groups)) < 2 * folds:
        raise InputError(
            f"{dataset.name!r} has {len(np.unique(groups))} groups; {folds} folds need at least {2 * folds}: "
            "cut fewer folds or add images of others"
        )
    how = f"{folds}-{seed}" + ("-near" if group_near_duplicates else "")
    return kept_or_cut(dataset, how, lambda: _cut(dataset, groups, folds, seed))


def _cut(dataset: Dataset, groups: npt.NDArray[np.int64], folds: int, seed: int) -> tuple[Fold, ...]:
    for attempt in range(ATTEMPTS):
        parts = cut_parts(dataset.labels, groups, 2 * folds, _derived(seed, attempt))
        for order in (range(2 * folds), _richest_tested(dataset, parts, folds)):
            made = tuple(_fold(k, parts, order[2 * k], order[2 * k + 1]) for k in range(folds))
            if all(_sound(dataset, fold) for fold in made):
                return made
    fewest = [len(np.unique(groups[dataset.labels == label])) for label in range(len(dataset.class_names))]
    scarce = int(np.argmin(fewest))
    raise InputError(
        f"{dataset.name!r} cannot be cut into {folds} folds that train on every class and test on two: class "
        f"{dataset.class_names[scarce]!r} comes from {fewest[scarce]} groups only; cut fewer folds or add "
        "images of other groups"
    )


def split(dataset: Dataset, *, seed: int = 0, group_near_duplicates: bool = False) -> Fold:
    """The one 80–10–10 split on which a source is pretrained: grouped and stratified as in `cut`.

    Where five folds can be cut this is the first of them. Smaller classes are taken too, from three images
    on; where every class is smaller than 10, parts are larger (with 5 images per class a fifth each for
    validation and test). Raises `InputError`.
    """
    _check_seed(seed)
    groups = _groups(dataset, group_near_duplicates)
    with suppress(InputError):
        return cut(dataset, seed=seed, group_near_duplicates=group_near_duplicates)[0]
    counts = dataset.class_counts()
    for label, (name, images) in enumerate(counts.items()):
        if images < LEAST_IMAGES:
            raise InputError(
                f"class {name!r} of {dataset.name!r} has {images} images; at least {LEAST_IMAGES} are "
                "needed: add images, or merge it with another class"
            )
        _check_groups(dataset, label, groups)
    count = min(10, max(counts.values()), len(np.unique(groups)))
    for attempt in range(ATTEMPTS):
        parts = cut_parts(dataset.labels, groups, count, _derived(seed, attempt))
        fold = _fold(0, parts, 0, 1)
        if _sound(dataset, fold):
            return fold
    raise InputError(
        f"{dataset.name!r} cannot be split so that every class is trained on and two are tested: "
        "a few large groups hold most of a class; add images of other groups"
    )


def _official(dataset: Dataset, seed: int, near: bool) -> Fold:
    where = f"the official splits of {dataset.name!r}"
    advice = "leave them out (folds: 5), or complete them"
    if dataset.splits is None:
        raise InputError(f"{dataset.name!r} has no official splits; cut folds instead (folds: 5)")
    if (dataset.splits == "").any():
        unknown = int((dataset.splits == "").sum())
        raise InputError(f"{where} leave out {unknown} of {len(dataset)} images; {advice}")
    train, validation, test = (np.flatnonzero(dataset.splits == name) for name in ("train", "val", "test"))
    for name, part in (("train", train), ("test", test)):
        if not len(part):
            raise InputError(f"{where} have no {name} images; {advice}")
    if not len(validation):
        train, validation = _validation_from(dataset, train, seed, near)
    fold = Fold(0, train, validation, test)
    if not _sound(dataset, fold):
        missing = sorted(set(range(len(dataset.class_names))) - set(dataset.labels[train].tolist()))
        lack = f"train on no {dataset.class_names[missing[0]]!r}" if missing else "test one class only"
        raise InputError(f"{where} {lack}; {advice}")
    return fold


def _validation_from(dataset: Dataset, train: Indices, seed: int, near: bool) -> tuple[Indices, Indices]:
    labels, groups = dataset.labels[train], _groups(dataset, near)[train]
    count = min(10, int(np.bincount(labels).max()), len(np.unique(groups)))
    for attempt in range(ATTEMPTS if count >= 2 else 0):
        parts = cut_parts(labels, groups, count, _derived(seed, attempt))
        rest, validation = train[parts != 0], train[parts == 0]
        if len(validation) and set(dataset.labels[rest]) == set(labels):
            return rest, validation
    raise InputError(
        f"the official splits of {dataset.name!r} have no validation images, and none can be cut from "
        "training without losing a class; add a val split"
    )


@lru_cache(maxsize=1)  # one dataset is cut by many seeds in turn
def _groups(dataset: Dataset, near: bool) -> npt.NDArray[np.int64]:
    seen = survey(dataset)
    pairs = kept_near_pairs(dataset.fingerprint, seen.perceptual_hash) if near else None
    return unite(dataset.groups, seen.pixel_digest, pairs)


def _fold(number: int, parts: npt.NDArray[np.int64], test: int, validation: int) -> Fold:
    return Fold(
        number,
        np.flatnonzero((parts != test) & (parts != validation)),
        np.flatnonzero(parts == validation),
        np.flatnonzero(parts == test),
    )


def _richest_tested(dataset: Dataset, parts: npt.NDArray[np.int64], folds: int) -> list[int]:
    """The parts so ordered that those with most classes are the ones tested: a class may be in few groups."""
    classes = [len(np.unique(dataset.labels[parts == part])) for part in range(2 * folds)]
    richest = sorted(range(2 * folds), key=lambda part: -classes[part])
    return [part for pair in zip(richest[:folds], richest[folds:], strict=True) for part in pair]


def _sound(dataset: Dataset, fold: Fold) -> bool:
    """Whether every class is trained on, two are tested, and there is something to validate on."""
    trained, tested = set(dataset.labels[fold.train].tolist()), set(dataset.labels[fold.test].tolist())
    return len(trained) == len(dataset.class_names) and len(tested) >= 2 and len(fold.validation) > 0


def _check_groups(dataset: Dataset, label: int, groups: npt.NDArray[np.int64]) -> None:
    found = len(np.unique(groups[dataset.labels == label]))
    if found < LEAST_GROUPS:
        raise InputError(
            f"class {dataset.class_names[label]!r} of {dataset.name!r} comes from {found} groups (patients, "
            f"slides, or sets of identical images); at least {LEAST_GROUPS} are needed, so that training, "
            "validation and test can each have one: add images of others, or merge it with another class"
        )


def _check_seed(seed: int) -> None:
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise InputError(f"seed is {seed!r}; accepted is a whole number from 0 to {2**32 - 1}")


def _derived(seed: int, attempt: int) -> int:
    if attempt == 0:
        return seed
    return int(np.random.SeedSequence([seed, attempt]).generate_state(1)[0])
