"""How two rows of numbers go together: Pearson, Spearman, Kendall and weighted τ, many rows at once.

Every function takes `x` and `y` of shapes (..., N) that broadcast, and returns (...): one value in [−1, 1] per row, 1
where they rise together. A pair of which one number is NaN is left out of its row. NaN where fewer than two pairs are
left or one side does not vary. scipy has them for one row at a time, of which a bootstrap has thousands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Correlation = Callable[[ArrayLike, ArrayLike], Floats]


def pearson(x: ArrayLike, y: ArrayLike) -> Floats:
    """Product-moment correlation: how well a straight line fits.

    `x` and `y` are of shapes (..., N) that broadcast; one value in [−1, 1] per row, shape (...). Pairs with a NaN are
    left out; NaN where fewer than two are left or one side does not vary.
    """
    x, y = _paired(x, y)
    x, y = _centred(x), _centred(y)
    return _ratio((x * y).sum(-1), (x * x).sum(-1), (y * y).sum(-1))


def spearman(x: ArrayLike, y: ArrayLike) -> Floats:
    """Pearson's correlation of ranks, in [−1, 1]; ties share their mean rank. Shapes and NaN as for `pearson`."""
    x, y = _paired(x, y)
    return pearson(_ranks(x), _ranks(y))


def kendall(x: ArrayLike, y: ArrayLike) -> Floats:
    """Kendall's τ-b: pairs in the same order less pairs in the opposite order, corrected for ties.

    In [−1, 1]; shapes and NaN as for `pearson`.
    """
    a, b = (_signs(values) for values in _paired(x, y))
    return _ratio((a * b).sum((-2, -1)), (a * a).sum((-2, -1)), (b * b).sum((-2, -1)))


def weighted_tau(x: ArrayLike, y: ArrayLike) -> Floats:
    """Kendall's τ in which an exchange weighs 1 / rank of either side, so that the top counts most.

    The mean over ranks by decreasing (x, y) and by decreasing (y, x), as in scipy's default. In [−1, 1]; shapes and
    NaN as for `pearson`.
    Source: Vigna, *A weighted correlation index for rankings with ties*, WWW 2015.
    """
    x, y = _paired(x, y)
    a, b = _signs(x), _signs(y)
    values = []
    for first, second in ((x, y), (y, x)):
        weight = 1 / (1 + _places(first, second))
        weights = weight[..., :, None] + weight[..., None, :]
        sums = [(weights * product).sum((-2, -1)) for product in (a * b, a * a, b * b)]
        values.append(_ratio(*sums))
    return np.asarray((values[0] + values[1]) / 2)


CORRELATIONS: Mapping[str, Correlation] = {
    "pearson": pearson,
    "spearman": spearman,
    "kendall": kendall,
    "weighted_tau": weighted_tau,
}


def tested(x: ArrayLike, y: ArrayLike, statistic: str) -> tuple[float, float]:
    """A correlation of `x` (N,) and `y` (N,) and its usual two-sided p-value, which takes all pairs for independent.

    Pearson's by Student's t, Spearman's likewise on ranks, Kendall's by its normal approximation or exactly. NaN for
    weighted τ, of which the distribution is not known. Raises `ValueError` for an unknown statistic.
    """
    from scipy import stats

    if statistic not in CORRELATIONS:
        raise ValueError(f"unknown statistic {statistic!r}; known: {', '.join(CORRELATIONS)}")
    tests = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": stats.kendalltau}
    value = float(CORRELATIONS[statistic](x, y))
    p = float(tests[statistic](x, y).pvalue) if statistic in tests and not np.isnan(value) else float("nan")
    return value, p


def _paired(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    one, other = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
    missing = np.isnan(one) | np.isnan(other)
    return np.where(missing, np.nan, one), np.where(missing, np.nan, other)


def _centred(values: Floats) -> Floats:
    """Deviations from the row's mean, 0 for what is missing; exactly 0 where the row does not vary."""
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    mean = filled.sum(-1, keepdims=True) / np.maximum(known.sum(-1, keepdims=True), 1)
    low = np.where(known, values, np.inf).min(-1, keepdims=True)
    high = np.where(known, values, -np.inf).max(-1, keepdims=True)
    return np.where(known & (high > low), values - mean, 0.0)


def _ranks(values: Floats) -> Floats:
    from scipy.stats import rankdata

    known = ~np.isnan(values)
    return np.where(known, rankdata(np.where(known, values, np.inf), axis=-1), np.nan)


def _signs(values: Floats) -> Floats:
    differences = values[..., :, None] - values[..., None, :]
    return np.nan_to_num(np.sign(differences))


def _places(first: Floats, second: Floats) -> Floats:
    """The place of each entry, from 0, in decreasing order of `first`, ties by `second`; what is missing comes last."""
    keys = [np.where(np.isnan(values), np.inf, -values) for values in (second, first)]
    order = np.lexsort(keys, axis=-1)
    places = np.empty(order.shape)
    np.put_along_axis(places, order, np.broadcast_to(np.arange(order.shape[-1]), order.shape), axis=-1)
    return places


def _ratio(both: Floats, one: Floats, other: Floats) -> Floats:
    scale = np.sqrt(one) * np.sqrt(other)
    varies = scale > 0
    return np.where(varies, np.clip(both / np.where(varies, scale, 1.0), -1.0, 1.0), np.nan)
