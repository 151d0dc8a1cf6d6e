"""From AUCs of folds to one value with an honest error: folds share training images, so they vary too little."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from whence.errors import InputError
from whence.recommend.experience import logit

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
    the differences between candidates matter. Raises `InputError` for an AUC outside [0, 1] or not finite.
    """
    given = [np.asarray(f, dtype=np.float64) if f is not None and len(f) else None for f in folds]
    for values in given:
        if values is not None and not (np.isfinite(values).all() and ((values >= 0) & (values <= 1)).all()):
            raise InputError(f"AUCs of folds are {values.tolist()}; accepted: numbers from 0 to 1")
    present = [values for values in given if values is not None]
    common = np.zeros(1)
    if paired and len(present) >= 3 and len({len(values) for values in present}) == 1:
        common = np.mean(present, axis=0) - np.mean(present)
    varying = [(values - common).var(ddof=1) for values in present if len(values) > 1]
    pooled = float(np.mean(varying)) if varying else USUAL_SD**2
    errors: Errors = []
    for values in given:
        if values is None:
            errors.append(None)
            continue
        k = len(values)
        own = float((values - common).var(ddof=1)) if k > 1 else 0.0
        variance = ((k - 1) * own + BORROWED * pooled) / (k - 1 + BORROWED)
        errors.append((float(values.mean()), float(np.sqrt(variance * (1 / k + TEST_TO_TRAIN)))))
    return errors


def on_logit(error: tuple[float, float] | None) -> tuple[float, float] | None:
    """A mean AUC and its standard error as (logit, variance of the logit), by the delta method."""
    if error is None:
        return None
    auc = float(np.clip(error[0], 1 - ROUND, ROUND))
    slope = 1 / (auc * (1 - auc))
    return float(logit(np.array(auc))), max(error[1] * slope, 0.02) ** 2
