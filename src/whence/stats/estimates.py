"""Metrics with intervals, from stored predictions alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from whence.stats.classification import _checked, accuracy, auc, class_aucs
from whence.stats.metrics import absent_classes, balanced_accuracy, calibration_error, f1, macro_auc

Metric = Callable[[ArrayLike, ArrayLike], float]
METRICS: Mapping[str, Metric] = {
    "auc": auc,
    "macro_auc": macro_auc,
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "f1": f1,
    "calibration_error": calibration_error,
}
FEWEST = 0.5  # of the resamples must have a value, or the interval would only be that of the lucky ones


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and the interval that resampling the test images gives it; `note` says what is missing and why."""

    value: float
    low: float
    high: float
    note: str = ""


def estimate(
    metric: Metric,
    labels: ArrayLike,
    probabilities: ArrayLike,
    *,
    level: float = 0.9,
    draws: int = 1000,
    seed: int = 0,
) -> Estimate:
    """A metric of N images with its percentile bootstrap interval over images (Efron 1979).

    The interval tells how much other test images would change the value, not other training images. A class
    without a test image, and a value or an interval that cannot be had (NaN), are told in the note.
    """
    if not 0 < level < 1:
        raise ValueError(f"level {level} is not between 0 and 1")
    labels, probabilities = _checked(labels, probabilities)
    value, notes = metric(labels, probabilities), []
    if absent := absent_classes(labels, probabilities):
        notes.append(f"no test image of class {', '.join(map(str, absent))}: the value is over the others")
    if np.isnan(value):
        return Estimate(value, value, value, "; ".join([*notes, "not defined on these images"]))
    random = np.random.default_rng(seed)
    rows = random.integers(0, len(labels), (draws, len(labels)))
    values = np.array([metric(labels[chosen], probabilities[chosen]) for chosen in rows])
    values = values[~np.isnan(values)]
    if len(values) < FEWEST * draws:
        nan = float("nan")
        return Estimate(value, nan, nan, "; ".join([*notes, "too few images of some class for an interval"]))
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(value, float(low), float(high), "; ".join(notes))


def estimates(
    labels: ArrayLike,
    probabilities: ArrayLike,
    *,
    level: float = 0.9,
    draws: int = 1000,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Every metric of `METRICS`, and `auc of class i` for every class, with intervals; see `estimate`."""
    labels, probabilities = _checked(labels, probabilities)
    wanted: dict[str, Metric] = dict(METRICS)
    for number in range(probabilities.shape[1]):
        wanted[f"auc of class {number}"] = _of_class(number)
    return {
        name: estimate(metric, labels, probabilities, level=level, draws=draws, seed=seed)
        for name, metric in wanted.items()
    }


def estimates_over_folds(
    folds: Sequence[tuple[ArrayLike, ArrayLike]],
    classes: Sequence[str] = (),
    *,
    level: float = 0.9,
    draws: int = 200,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Every metric of `METRICS`, and `auc of CLASS` for every class, as means over folds (labels, probabilities).

    The interval is that of a percentile bootstrap that draws images within each fold, so folds and their networks
    stay. It takes images as independent: where patients have several, it is too narrow. A fold on which a metric
    is not defined is left out of its mean, and the note counts it. `classes` are names, by default numbers.
    """
    if not folds or not 0 < level < 1:
        raise ValueError(
            f"{len(folds)} folds and level {level}: one fold or more and a level inside (0, 1) are needed"
        )
    checked = [_checked(labels, probabilities) for labels, probabilities in folds]
    names = list(METRICS) + [f"auc of {name}" for name in classes or range(checked[0][1].shape[1])]
    measured = np.array([_all(*fold) for fold in checked])
    random = np.random.default_rng(seed)
    drawn = np.empty((draws, len(names)))
    for draw in range(draws):
        rows = [random.integers(0, len(labels), len(labels)) for labels, _ in checked]
        drawn[draw] = _mean_over_folds(
            np.array([_all(labels[r], p[r]) for r, (labels, p) in zip(rows, checked, strict=True)])
        )
    found = {}
    for column, (name, value) in enumerate(zip(names, _mean_over_folds(measured), strict=True)):
        values = drawn[:, column][~np.isnan(drawn[:, column])]
        enough = len(values) >= FEWEST * draws and not np.isnan(value)
        low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2]) if enough else (np.nan, np.nan)
        without = int(np.isnan(measured[:, column]).sum())
        note = (
            f"not defined on {without} of {len(folds)} folds: a class has no test image there"
            if without
            else ""
        )
        found[name] = Estimate(float(value), float(low), float(high), note)
    return found


def _all(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> list[float]:
    return [metric(labels, probabilities) for metric in METRICS.values()] + list(
        class_aucs(labels, probabilities)
    )


def _mean_over_folds(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of each column over the rows where it is a number; NaN where there is none."""
    there = ~np.isnan(values)
    sums = np.where(there, values, 0.0).sum(axis=0)
    means = np.full(values.shape[1], np.nan)
    np.divide(sums, there.sum(axis=0), out=means, where=there.any(axis=0))
    return means


def _of_class(number: int) -> Metric:
    return lambda labels, probabilities: float(class_aucs(labels, probabilities)[number])
