"""What would make a test too easy: a test image, or its patient, that the network has trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from whence.data.dataset import Dataset
from whence.data.kept_folds import Fold
from whence.data.near_duplicates import kept_near_pairs, near_pairs_between
from whence.data.parts import unite
from whence.data.survey import Survey, survey
from whence.records import Finding

_APART = "a study with one as source and the other as target would test on what it trained on"


def leaks_of_fold(dataset: Dataset, survey: Survey, fold: Fold) -> list[Finding]:
    """Errors: images, pixel by pixel the same, or one group, in more than one of training, validation and test."""
    found = []
    same = _apart(survey.pixel_digest, fold)
    if len(same):
        found.append(
            Finding(
                "error",
                f"fold {fold.number + 1} of {dataset.name!r} has {len(same)} images on both sides that are "
                "pixel-identical",
                "cut folds anew (folds: 5), or remove the copies",
                dataset.images.describe(int(same[0])),
            )
        )
    if dataset.groups is not None:
        shared = _apart(unite(dataset.groups, np.arange(len(dataset)).astype("S")), fold)
        if len(shared):
            groups = len(np.unique(dataset.groups[shared]))
            found.append(
                Finding(
                    "error",
                    f"fold {fold.number + 1} of {dataset.name!r} has images of {groups} groups (patients, lesions, "
                    "slides) on both sides",
                    "cut folds anew (folds: 5), or correct the splits",
                )
            )
    return found


def leaks_between(
    source: Dataset, source_survey: Survey, target: Dataset, target_survey: Survey
) -> list[Finding]:
    """An error: images of the target that the source holds, pixel by pixel the same."""
    inside = _identical(target_survey, source_survey)
    if not len(inside):
        return []
    return [
        Finding(
            "error",
            f"{len(inside)} of the {len(target)} images of target {target.name!r} are in source {source.name!r} too",
            f"take them out of the source, or leave it out for this target (exclude: [[{source.name}, {target.name}]])",
            target.images.describe(int(inside[0])),
        )
    ]


def near_leaks_of_folds(dataset: Dataset, survey: Survey, folds: Sequence[Fold]) -> list[Finding]:
    """A warning: test images that look nearly the same as an image that their fold trains on."""
    pairs = kept_near_pairs(dataset.fingerprint, survey.perceptual_hash)
    alike = unite(None, survey.pixel_digest, pairs)
    seen = sum(int(np.isin(alike[fold.test], alike[fold.train]).sum()) for fold in folds)
    if not seen:
        return []
    return [
        Finding(
            "warning",
            f"of {sum(len(fold.test) for fold in folds)} test images of {dataset.name!r} in all folds, {seen} look "
            "nearly the same as one that their fold trains on",
            "keep such images on one side with group_near_duplicates: true",
        )
    ]


def near_leaks_between(
    source: Dataset, source_survey: Survey, target: Dataset, target_survey: Survey
) -> list[Finding]:
    """A warning: images of the target that look nearly the same as an image of the source, and are not identical."""
    pairs = _near(target_survey, source_survey)
    if not len(pairs):
        return []
    return [
        Finding(
            "warning",
            f"{len(pairs)} of the {len(target)} images of target {target.name!r} look nearly the same as one of source "
            f"{source.name!r}",
            "look at them: the network may have trained on what it is tested on",
            f"{target.images.describe(int(pairs[0, 0]))} and {source.images.describe(int(pairs[0, 1]))}",
        )
    ]


def in_common(datasets: Sequence[Dataset]) -> list[Finding]:
    """Warnings for every two different datasets that share images, or have images that look nearly the same."""
    found: list[Finding] = []
    surveyed = [(dataset, survey(dataset)) for dataset in datasets]
    for i, (first, seen) in enumerate(surveyed):
        for second, other in surveyed[i + 1 :]:
            if first.fingerprint == second.fingerprint:
                continue
            inside, pairs = _identical(seen, other), _near(seen, other)
            of = f"of the {len(first)} images of {first.name!r}"
            if len(inside):
                example = first.images.describe(int(inside[0]))
                found.append(
                    Finding("warning", f"{len(inside)} {of} are in {second.name!r} too", _APART, example)
                )
            if len(pairs):
                what = f"{len(pairs)} {of} look nearly the same as one of {second.name!r}"
                example = f"{first.images.describe(int(pairs[0, 0]))} and {second.images.describe(int(pairs[0, 1]))}"
                found.append(Finding("warning", what, _APART, example))
    return found


def _identical(first: Survey, second: Survey) -> npt.NDArray[np.int64]:
    """The images of the first that the second holds too, pixel by pixel."""
    return np.flatnonzero(np.isin(first.pixel_digest, second.pixel_digest))


def _near(first: Survey, second: Survey) -> npt.NDArray[np.int64]:
    """Images of the first, each with the first near-duplicate of it in the second, where they are not identical."""
    pairs = near_pairs_between(first.perceptual_hash, second.perceptual_hash)
    return pairs[~np.isin(pairs[:, 0], _identical(first, second))]


def _apart(keys: npt.NDArray[np.generic], fold: Fold) -> npt.NDArray[np.int64]:
    """Images whose key occurs in more than one of the fold's three parts, in order."""
    _, number = np.unique(keys, return_inverse=True)
    parts = (fold.train, fold.validation, fold.test)
    holds = np.zeros((len(parts), int(number.max()) + 1), dtype=bool)
    for row, part in zip(holds, parts, strict=True):
        row[number[part]] = True
    inside = np.zeros(len(keys), dtype=bool)
    inside[np.concatenate(parts)] = True
    return np.flatnonzero((holds.sum(axis=0) > 1)[number] & inside)
