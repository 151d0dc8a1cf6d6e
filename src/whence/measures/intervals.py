"""How sure a score is of its number, given that other images of the same kind might have been collected."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np

from whence.measures.contract import Measure, MeasureWarning
from whence.measures.folds import Folds
from whence.measures.inputs import Floats, Indices
from whence.measures.prepared import Prepared

LEAST = 2  # images of each class in a half


class Interval(NamedTuple):
    """A score's value and the ends of its interval."""

    value: float
    low: float
    high: float


def interval(
    measure: Measure,
    *arrays: Any,
    value: float | None = None,
    level: float = 0.9,
    draws: int = 50,
    seed: int = 0,
    **options: Any,
) -> Interval:
    """A score's value with its interval at `level`, within the measure's bounds.

    `arrays` and `options` are what the measure itself takes, `value` what it gave where that is known already; `seed`
    is for the halves, and for the measure where it takes one. A measure that is a mean over folds has the corrected
    t-interval of its folds. All others are computed on `draws` random halves of each class, without replacement,
    whose variance is that of the whole sample (the half-sample bootstrap: drawn with replacement, an image would be
    its own neighbour, and copies would empty the dimensions that N < D leaves open). The interval is centred on the
    value, takes the halves to vary normally, and is rather too wide than too narrow.
    Raises `ValueError` for a distance, fewer than two draws, or a level outside (0, 1).
    Source: Efron, *The jackknife, the bootstrap and other resampling plans* (1982), chapter 8; Nadeau, Bengio,
    *Inference for the generalization error* (2003).
    """
    from scipy.stats import norm

    if measure.kind != "score" or draws < 2 or not 0 < level < 1:
        raise ValueError(
            f"an interval needs a score ({measure.name!r} is a {measure.kind}), two draws or more (not {draws}) and a "
            f"level between 0 and 1 (not {level})"
        )
    if measure.takes("seed"):
        options["seed"] = seed
    if measure.per_fold is not None:
        folds = np.asarray(measure.per_fold(*arrays, **options))
        value = float(np.nanmean(folds))
        half_width = _over_folds(folds, level, options.get("folds"))
    else:
        value = measure(*arrays, **options) if value is None else value
        half_width = float(norm.ppf((1 + level) / 2)) * _over_halves(measure, arrays, draws, seed, options)
    low, high = measure.bounds
    return Interval(
        value,
        value - half_width if low is None else max(low, value - half_width),
        value + half_width if high is None else min(high, value + half_width),
    )


def _over_folds(values: Floats, level: float, folds: Folds | None) -> float:
    from scipy.stats import t

    values = values[~np.isnan(values)]
    if len(values) < 2:
        raise ValueError("a single fold has a value; an interval needs two")
    ratios = [1 / (len(values) - 1)] if folds is None else [np.size(te) / np.size(tr) for tr, te in folds]
    error = np.sqrt(values.var(ddof=1) * (1 / len(values) + np.mean(ratios)))
    return float(t.ppf((1 + level) / 2, len(values) - 1) * error)


def _over_halves(
    measure: Measure, arrays: tuple[Any, ...], draws: int, seed: int, options: dict[str, Any]
) -> float:
    """The standard deviation of the measure, from halves of the sample."""
    given = [a.features if isinstance(a, Prepared) else np.asarray(a) for a in arrays]
    strata = _strata(measure, given)
    random = np.random.default_rng(seed)
    values = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MeasureWarning)
        for _ in range(draws):
            half = np.sort(np.concatenate([random.permutation(s)[: max(LEAST, len(s) // 2)] for s in strata]))
            values.append(measure(*(a[half] for a in given), **options))
    rest = len(given[0]) - len(half)
    return float(np.std(values, ddof=1) * np.sqrt(len(half) / rest)) if rest else 0.0


def _strata(measure: Measure, given: list[Any]) -> list[Indices]:
    rows = np.arange(len(given[0]))
    if "labels" not in measure.needs:
        return [rows]
    labels = given[measure.needs.index("labels")]
    return [rows[labels == c] for c in np.unique(labels)]
