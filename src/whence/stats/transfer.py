"""What a source gained over no transfer."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def transferability(auc: ArrayLike, baseline: ArrayLike) -> np.ndarray:
    """Relative AUC gain over the baseline in percent: 100 · (AUC − baseline) / baseline (the paper's equation 1).

    `auc` is that with the source, `baseline` that of `none` on the same fold; the shapes broadcast.
    Positive is a gain; the range is [−100, ∞). A baseline of 0 has no relative gain: NaN.
    """
    with_source, without = np.asarray(auc, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    safe = np.where(without == 0, np.nan, without)
    return (with_source - safe) / safe * 100


def error_transferability(accuracy: ArrayLike, baseline: ArrayLike) -> np.ndarray:
    """Relative decrease of the classification error in percent: 100 · (baseline error − error) / baseline error.

    `accuracy` is that with the source, `baseline` that of `none` on the same fold, both in [0, 1]; shapes broadcast.
    Positive is a gain; the range is (−∞, 100]. A baseline without error has nothing to gain: NaN.
    Source: Alvarez-Melis, Fusi, *Geometric dataset distances via optimal transport*, NeurIPS 2020, section 6.2, which
    the paper's equation (1) adapts to the AUC; here with the sign turned, so that higher is better in both.
    """
    error, without = 1 - np.asarray(accuracy, dtype=np.float64), 1 - np.asarray(baseline, dtype=np.float64)
    safe = np.where(without <= 0, np.nan, without)
    return (safe - error) / safe * 100
