"""What in a dataset can spoil a study: each finding with what to do about it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from whence.data.dataset import Dataset
from whence.data.expected import unexpected
from whence.data.near_duplicates import kept_near_pairs
from whence.data.parts import unite
from whence.data.shortcuts import shortcut_findings, shortcuts
from whence.data.survey import Survey
from whence.records import Finding

IMBALANCE = 5
SMALL_CLASS = 20
SEVERITIES = ("error", "warning", "info")


def check(dataset: Dataset, survey: Survey) -> list[Finding]:
    """All findings about a dataset, errors first, then warnings, then infos."""
    found = [
        *_identical(dataset, survey),
        *_near(dataset, survey),
        *_straddling(dataset, survey),
        *_class_sizes(dataset),
        *_colour(dataset, survey),
        *shortcut_findings(shortcuts(dataset, survey)),
        *_unreadable(dataset),
        *unexpected(dataset),
    ]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def overlap(a_survey: Survey, b_survey: Survey) -> int:
    """How many images of the first dataset are pixel-identical to some image of the second."""
    return int(np.isin(a_survey.pixel_digest, b_survey.pixel_digest).sum())


def _near(dataset: Dataset, survey: Survey) -> list[Finding]:
    """Near-duplicates that nothing keeps together: neither a group nor equal pixels."""
    pairs = kept_near_pairs(dataset.fingerprint, survey.perceptual_hash)
    together = unite(dataset.groups, survey.pixel_digest)
    pairs = pairs[together[pairs[:, 0]] != together[pairs[:, 1]]]
    if not len(pairs):
        return []
    images = np.unique(pairs)
    sets = unite(None, np.arange(len(dataset)).astype("S"), pairs)
    count = len(np.unique(sets[images]))
    what = f"{len(images)} images look nearly the same as another ({_sets(count)})"
    if dataset.splits is not None:
        known = images[dataset.splits[images] != ""]
        _, of_set = np.unique(sets[known], return_inverse=True)
        apart = int((_spread(of_set, dataset.splits[known]) > 1).sum()) if len(known) else 0
        what += f"; {_sets(apart)} in more than one of the given splits" if apart else ""
    classes = len(np.unique(pairs[dataset.labels[pairs[:, 0]] != dataset.labels[pairs[:, 1]]]))
    what += f"; {classes} of the images look like one of another class" if classes else ""
    advice = "look at them; group_near_duplicates: true in a study file keeps them on one side of every fold"
    return [Finding("warning", what, advice, _named(dataset, pairs[0]))]


def _sets(count: int) -> str:
    return f"{count} set" if count == 1 else f"{count} sets"


def _named(dataset: Dataset, pair: npt.NDArray[np.int64]) -> str:
    return " and ".join(dataset.images.describe(int(i)) for i in pair)


def _identical(dataset: Dataset, survey: Survey) -> list[Finding]:
    _, picture = np.unique(survey.pixel_digest, return_inverse=True)
    repeated = np.bincount(picture)[picture] > 1
    disputed = _spread(picture, dataset.labels)[picture] > 1
    found = []
    if disputed.any():
        found.append(
            Finding(
                "error",
                f"{int(disputed.sum())} images are pixel-identical to an image of another class",
                "correct or remove them: at most one of the labels can be right",
                dataset.images.describe(int(np.flatnonzero(disputed)[0])),
            )
        )
    same = repeated & ~disputed
    if same.any():
        copies = int(same.sum()) - len(np.unique(picture[same]))
        found.append(
            Finding(
                "warning",
                f"{int(same.sum())} images are pixel-identical to another of their class ({copies} copies)",
                "they are kept on one side of every fold; remove the copies to count each picture once",
            )
        )
    return found


def _straddling(dataset: Dataset, survey: Survey) -> list[Finding]:
    if dataset.splits is None:
        return []
    splits = dataset.splits
    found = []
    if dataset.groups is not None:
        known = (dataset.groups != "") & (splits != "")
        names, group = np.unique(dataset.groups[known], return_inverse=True)
        straddling = int((_spread(group, splits[known]) > 1).sum())
        if straddling:
            found.append(
                Finding(
                    "warning",
                    f"{straddling} of {len(names)} groups have images in more than one of the given splits",
                    "use folds cut by group (the default): the official ones would test on groups seen",
                )
            )
    known = splits != ""
    _, picture = np.unique(survey.pixel_digest[known], return_inverse=True)
    straddling = int((_spread(picture, splits[known]) > 1).sum()) if known.any() else 0
    if straddling:
        found.append(
            Finding(
                "warning",
                f"{straddling} pictures occur, pixel-identical, in more than one of the given splits",
                "use folds cut anew (the default): the official ones would test on images seen",
            )
        )
    return found


def _class_sizes(dataset: Dataset) -> list[Finding]:
    counts = dataset.class_counts()
    largest, smallest = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    found = []
    if counts[largest] > IMBALANCE * counts[smallest]:
        found.append(
            Finding(
                "warning",
                f"classes are imbalanced: {counts[largest]} images of {largest!r}, "
                f"{counts[smallest]} of {smallest!r}",
                "judge by AUC, not accuracy, and keep class weights on in the recipe",
            )
        )
    small = [name for name, count in counts.items() if count < SMALL_CLASS]
    if small:
        found.append(
            Finding(
                "warning",
                f"{len(small)} classes have fewer than {SMALL_CLASS} images "
                f"(such as {small[0]!r}: {counts[small[0]]})",
                "add images or merge classes: results on so few are mostly chance",
            )
        )
    return found


def _colour(dataset: Dataset, survey: Survey) -> list[Finding]:
    grey = survey.channels == 1
    if grey.all() or not grey.any():
        return []
    per_class = np.bincount(dataset.labels, minlength=len(dataset.class_names))
    shares = np.bincount(dataset.labels, grey, minlength=len(per_class)) / np.maximum(per_class, 1)
    shares = np.where(per_class > 0, shares, shares[dataset.labels[0]])
    most, least = int(shares.argmax()), int(shares.argmin())
    what = f"{int(grey.sum())} images are grey and {int((~grey).sum())} in colour"
    if shares[most] - shares[least] <= 0.5:  # a few grey photographs are harmless
        return [Finding("info", what, "grey is repeated to three channels; nothing needs to be done")]
    names = dataset.class_names
    return [
        Finding(
            "warning",
            f"{what}: {shares[most]:.0%} of {names[most]!r} is grey, {shares[least]:.0%} of {names[least]!r}",
            "convert all images to one of the two: a network would learn the colour instead of the class",
        )
    ]


def _unreadable(dataset: Dataset) -> list[Finding]:
    if not dataset.unreadable:
        return []
    return [
        Finding(
            "warning",
            f"{dataset.unreadable} images cannot be decoded and were left out",
            "copy or download them anew, if they matter",
        )
    ]


def _spread(keys: npt.NDArray[np.integer], values: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
    """For each key 0 … K - 1, how many different values go with it, (K,)."""
    _, numbers = np.unique(values, return_inverse=True)
    pairs = np.unique(np.stack([keys, numbers]), axis=1)
    return np.bincount(pairs[0])
