"""Is one source better than another? Compared fold by fold, with the folds' shared training images accounted for."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean difference over folds with its interval; positive means that the first was better."""

    mean: float
    low: float
    high: float
    p: float  # two-sided, of no difference

    @property
    def settled(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Practical:
    """Probabilities that the first is worse, practically equivalent, or better; they sum to 1."""

    worse: float
    equivalent: float
    better: float


def corrected_difference(
    first: ArrayLike, second: ArrayLike, *, test_to_train: float, level: float = 0.9
) -> Difference:
    """Mean of `first` − `second`, its interval and p-value by the corrected resampled t-test.

    Both have shape (J,), J ≥ 2: one value per fold, the same folds in the same order. `test_to_train` is the number
    of test images over that of training images in a fold: folds share training images, so the variance of the mean
    is σ² (1 / J + test / train), not σ² / J. Raises `ValueError` for other shapes, NaN, or a ratio below zero.
    Source: Nadeau, Bengio, *Inference for the generalization error*, Machine Learning 52 (2003), section 4.
    """
    from scipy.stats import t

    gaps = _gaps(first, second)
    if not 0 < level < 1:
        raise ValueError(f"level {level} is not between 0 and 1")
    mean, scale = float(gaps.mean()), _scale(gaps, test_to_train)
    if scale == 0:
        return Difference(mean, mean, mean, 1.0 if mean == 0 else 0.0)
    reach = scale * float(t.ppf((1 + level) / 2, len(gaps) - 1))
    return Difference(mean, mean - reach, mean + reach, 2 * float(t.sf(abs(mean) / scale, len(gaps) - 1)))


def practical_difference(
    first: ArrayLike, second: ArrayLike, *, test_to_train: float, rope: float = 0.005
) -> Practical:
    """How probable it is that `first` is worse, practically equivalent (within ± `rope`) or better than `second`.

    The Bayesian correlated t-test: with a flat prior the mean difference follows a Student distribution with J − 1
    degrees of freedom around the observed mean, and the folds' correlation is test / (test + train). Arguments and
    errors as in `corrected_difference`; the default region is half an AUC point.
    Source: Benavoli, Corani, Demšar, Zaffalon, *Time for a change*, JMLR 18 (2017), equation 8.
    """
    from scipy.stats import t

    gaps = _gaps(first, second)
    if rope < 0:
        raise ValueError(f"a region of practical equivalence of {rope} is empty; give 0 or more")
    mean, scale = float(gaps.mean()), _scale(gaps, test_to_train)
    if scale == 0:
        return Practical(float(mean < -rope), float(abs(mean) <= rope), float(mean > rope))
    worse = float(t.cdf((-rope - mean) / scale, len(gaps) - 1))
    better = float(t.sf((rope - mean) / scale, len(gaps) - 1))
    return Practical(worse, max(0.0, 1 - worse - better), better)


def _gaps(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.ndim != 1 or one.shape != other.shape or len(one) < 2:
        raise ValueError(f"values of shapes {one.shape} and {other.shape}: one per fold, two folds or more")
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise ValueError("a fold's value is NaN or infinite")
    gaps: NDArray[np.float64] = one - other
    return gaps


def _scale(gaps: NDArray[np.float64], test_to_train: float) -> float:
    if not test_to_train >= 0:
        raise ValueError(f"test images over training images is {test_to_train}; give 0 or more")
    spread = float(gaps.std(ddof=1))
    if spread < 1e-12 * max(1.0, float(np.abs(gaps).max())):
        return 0.0  # the same difference on every fold, but for rounding
    return spread * math.sqrt(1 / len(gaps) + test_to_train)
