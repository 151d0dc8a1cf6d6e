"""How sure a score is of its number, given that other images of the same kind might have been collected."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from whence.measures.contract import Measure, MeasureWarning
from whence.measures.inputs import Indices
from whence.measures.prepared import Prepared

LEAST = 2  # images of each class in a half


def interval(
    measure: Measure,
    *arrays: Any,
    value: float | None = None,
    level: float = 0.9,
    draws: int = 50,
    seed: int = 0,
    **options: Any,
) -> tuple[float, float]:
    """Low and high end of a score's interval at `level`, within the measure's bounds.

    `arrays` and `options` are what the measure itself takes, `value` what it gave (computed where it is not given).
    A measure that is a mean over folds has the corrected t-interval of its folds. All others are computed on `draws`
    random halves of each class, without replacement, whose variance is that of the whole sample (the half-sample
    bootstrap: drawn with replacement, an image would be its own neighbour, and duplicates would fill the very
    dimensions that N < D leaves open). The interval is centred on the value and takes the halves to vary normally.
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
    value = measure(*arrays, **options) if value is None else value
    if measure.per_fold is not None:
        half_width = _over_folds(measure, arrays, level, options)
    else:
        half_width = float(norm.ppf((1 + level) / 2)) * _over_halves(measure, arrays, draws, seed, options)
    low, high = measure.bounds
    return (
        value - half_width if low is None else max(low, value - half_width),
        value + half_width if high is None else min(high, value + half_width),
    )


def _over_folds(measure: Measure, arrays: tuple[Any, ...], level: float, options: dict[str, Any]) -> float:
    from scipy.stats import t

    assert measure.per_fold is not None
    values = np.asarray(measure.per_fold(*arrays, **options))
    values = values[~np.isnan(values)]
    if len(values) < 2:
        raise ValueError(f"{measure.name} has a value on {len(values)} fold only; an interval needs two")
    folds = options.get("folds")
    ratio = (
        1 / (len(values) - 1) if folds is None else float(np.mean([len(te) / len(tr) for tr, te in folds]))
    )
    error = np.sqrt(values.var(ddof=1) * (1 / len(values) + ratio))
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
