"""How well the class can be told without looking at the picture: from file size, resolution, colour or border alone.

Where that works, a network may learn the camera or the export instead of the disease, and its AUC says little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from whence.data.dataset import Dataset
from whence.data.kept import kept_array
from whence.data.parts import cut_parts, unite
from whence.data.survey import Survey
from whence.records import Finding
from whence.stats.classification import auc, class_aucs

VERSION = 1  # raise it when the same images would give other AUCs
FEATURES = ("file_size", "resolution", "mean_colour", "border")
FOLDS = 5
LEAST = 20  # images of a class, in as many groups: below, its AUC is mostly chance
MOST = 5_000  # images that are looked at
TELLING, STRONG = 0.6, 0.75  # AUCs that are worth a note, and a warning

_ADVICE = {
    "file_size": "see whether classes were exported or compressed differently, and save all images the same way",
    "resolution": "see whether classes come from different scanners or sites, and take each class from every one",
    "mean_colour": "colour may be the disease itself, or the stain, camera or exposure: compare sites within classes",
    "border": "classes may come from different cameras or exports: crop all images to what all of them show",
}


@dataclass(frozen=True)
class Shortcut:
    """The AUC of the class from one feature alone, one-vs-rest, weighted by class priors; 0.5 is chance.

    `best_class` is the class that is told best, with its own AUC, "" where there are two; `error` the standard error
    of `auc`.
    """

    feature: str
    auc: float
    best_class: str
    best_auc: float
    error: float


def shortcuts(dataset: Dataset, survey: Survey) -> list[Shortcut]:
    """What file size, resolution, mean colour and border tell of the class, each alone.

    AUCs are those of small randomised trees on images that these were not fitted on, five grouped and stratified
    folds. Classes with fewer than `LEAST` images or groups are left out, and at most `MOST` images are taken; a
    feature that does not vary, or that is not known, is left out. Empty where two classes are not left.
    """
    groups = unite(dataset.groups, survey.pixel_digest)
    chosen = _chosen(dataset, groups)
    numbers, labels = np.unique(dataset.labels[chosen], return_inverse=True)
    if len(numbers) < 2:
        return []
    values = {
        "file_size": np.log1p(survey.file_size[chosen, None]),
        "resolution": np.stack([survey.height, survey.width], axis=1)[chosen],
        "mean_colour": survey.mean_colour[chosen],
        "border": survey.border[chosen],
    }

    def measured() -> npt.NDArray[np.float64]:
        _, group = np.unique(groups[chosen], return_inverse=True)
        parts = cut_parts(labels, group, FOLDS, 0)
        return np.stack([_aucs(values[name], labels, parts) for name in FEATURES])

    found = []
    table = kept_array("shortcuts", f"{dataset.fingerprint}-{VERSION}", measured)
    for feature, (overall, *own) in zip(FEATURES, table, strict=True):
        if not np.isnan(overall):
            best = int(np.nanargmax(own))
            name = dataset.class_names[numbers[best]] if len(numbers) > 2 else ""
            found.append(Shortcut(feature, overall, name, own[best], _standard_error(overall, labels)))
    return found


def shortcut_findings(found: list[Shortcut]) -> list[Finding]:
    """A finding for each feature that tells the class better than chance would, by two standard errors."""
    findings = []
    for one in found:
        if one.auc < TELLING or one.auc - 2 * one.error <= 0.5:
            continue
        best = f", most of all {one.best_class!r} ({one.best_auc:.2f})" if one.best_class else ""
        findings.append(
            Finding(
                "warning" if one.auc >= STRONG else "info",
                f"{one.feature.replace('_', ' ')} alone tells the class with AUC {one.auc:.2f}{best}",
                _ADVICE[one.feature],
            )
        )
    return findings


def _chosen(dataset: Dataset, groups: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The images that are looked at: classes that are large enough, thinned evenly to `MOST` images."""
    enough = [
        label
        for label in range(len(dataset.class_names))
        if len(np.unique(groups[dataset.labels == label])) >= LEAST
    ]
    kept = np.flatnonzero(np.isin(dataset.labels, enough))
    # images lie in the order of their digests, so every k-th is a draw that is the same everywhere
    return kept[:: -(-len(kept) // MOST)] if len(kept) else kept


def _aucs(
    values: npt.NDArray[np.generic], labels: npt.NDArray[np.int64], parts: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """The AUC of all classes, then of each, (1 + C,); NaN for a feature that does not vary."""
    from sklearn.ensemble import ExtraTreesClassifier

    classes = int(labels.max()) + 1
    if (values == values[0]).all():
        return np.full(1 + classes, np.nan)
    probabilities = np.zeros((len(labels), classes))
    for part in np.unique(parts):
        trees = ExtraTreesClassifier(50, min_samples_leaf=5, random_state=0)
        trees.fit(values[parts != part], labels[parts != part])
        told = trees.predict_proba(values[parts == part])
        probabilities[np.ix_(parts == part, trees.classes_)] = told
    return np.array([auc(labels, probabilities), *class_aucs(labels, probabilities)])


def _standard_error(value: float, labels: npt.NDArray[np.int64]) -> float:
    """The standard error of an AUC (Hanley & McNeil 1982), for a class of mean size against the rest."""
    counts = np.bincount(labels)
    positive = float(np.average(counts, weights=counts))
    negative = len(labels) - positive
    q1, q2 = value / (2 - value), 2 * value**2 / (1 + value)
    spread = value * (1 - value) + (positive - 1) * (q1 - value**2) + (negative - 1) * (q2 - value**2)
    return float(np.sqrt(max(spread, 0.0) / (positive * negative)))
