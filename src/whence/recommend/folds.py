"""From AUCs of folds to one value with an honest error: folds share training images, so they vary too little."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from whence.errors import InputError
from whence.recommend.experience import logit

Floats = NDArray[np.float64]
Errors = list[tuple[float, float] | None]  # mean AUC and its standard error, or nothing known
TEST_TO_TRAIN = 1 / 8  # the design's folds: 80 % to train, 10 % to test
ROUND = 0.999  # an AUC above this, on the few images of a fold, is read as this (and below 0.001 likewise)
USUAL_SD = 0.02  # of fold AUCs, where a single fold tells no spread
BORROWED = 2  # how many degrees of freedom the spread over all candidates is worth to each


def fold_errors(folds: Sequence[Sequence[float] | None], *, paired: bool) -> Errors:
    """Mean of each candidate's fold AUCs and the standard error of that mean, on the AUC scale.

    The error is Nadeau and Bengio's (*Inference for the generalization error*, 2003): variance between folds
    × (1/k + test/train). Variances are drawn towards their mean over candidates, since five folds tell little.
    `paired`: candidates that share all folds have the folds' common ups and downs removed first, since only
    the differences between candidates matter (`shared_error` is the part removed). Raises `InputError` for an AUC
    outside [0, 1] or not finite.
    """
    given = _checked(folds)
    present = [values for values in given if values is not None]
    common, scale = np.zeros(1), 1.0
    if paired and (averaged := _fold_means(present)) is not None:
        common = averaged - averaged.mean()
        scale = len(present) / (len(present) - 1)  # each candidate is part of the mean it is compared with
    varying = [scale * (values - common).var(ddof=1) for values in present if len(values) > 1]
    pooled = float(np.mean(varying)) if varying else USUAL_SD**2
    errors: Errors = []
    for values in given:
        if values is None:
            errors.append(None)
            continue
        k = len(values)
        own = scale * float((values - common).var(ddof=1)) if k > 1 else 0.0
        variance = ((k - 1) * own + BORROWED * pooled) / (k - 1 + BORROWED)
        errors.append((float(values.mean()), float(np.sqrt(variance * (1 / k + TEST_TO_TRAIN)))))
    return errors


def shared_error(folds: Sequence[Sequence[float] | None]) -> float:
    """Standard error, on the AUC scale, of what the folds do to all candidates alike; 0 where they are not paired."""
    averaged = _fold_means([values for values in _checked(folds) if values is not None])
    if averaged is None or len(averaged) < 2:
        return 0.0
    return float(np.sqrt(averaged.var(ddof=1) * (1 / len(averaged) + TEST_TO_TRAIN)))


def _fold_means(present: Sequence[Floats]) -> Floats | None:
    """The mean over candidates on each fold; None where fewer than two share all folds."""
    if len(present) < 2 or len({len(values) for values in present}) > 1:
        return None
    means: Floats = np.mean(present, axis=0)
    return means


def _checked(folds: Sequence[Sequence[float] | None]) -> list[Floats | None]:
    given = [np.asarray(f, dtype=np.float64) if f is not None and len(f) else None for f in folds]
    for values in given:
        if values is not None and not (np.isfinite(values).all() and ((values >= 0) & (values <= 1)).all()):
            raise InputError(f"AUCs of folds are {values.tolist()}; accepted: numbers from 0 to 1")
    return given


def on_logit(error: tuple[float, float] | None) -> tuple[float, float] | None:
    """A mean AUC and its standard error as (logit, variance of the logit), by the delta method."""
    if error is None:
        return None
    auc = float(np.clip(error[0], 1 - ROUND, ROUND))
    slope = 1 / (auc * (1 - auc))
    return float(logit(np.array(auc))), max(error[1] * slope, 0.02) ** 2
