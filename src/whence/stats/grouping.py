"""Sources that cannot be told apart: many comparisons at once, and the letters that sum them up."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from whence.stats.paired import Difference, Practical, corrected_difference, practical_difference


@dataclass(frozen=True, slots=True)
class Comparison:
    """Source number `first` against `second`: the difference, whether it matters, and the p-value after Holm."""

    first: int
    second: int
    difference: Difference
    practical: Practical
    p_holm: float


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """P-values (M,) adjusted so that the chance of any false rejection among all of them stays below the level.

    The k-th smallest of M is multiplied by M − k + 1, made monotone, and capped at 1; NaN stays NaN and does not count.
    Source: Holm, *A simple sequentially rejective multiple test procedure*, Scand. J. Statist. 6 (1979).
    """
    given = np.asarray(p_values, dtype=np.float64)
    adjusted = np.full(given.shape, np.nan)
    known = np.flatnonzero(~np.isnan(given))
    order = known[np.argsort(given[known], kind="stable")]
    factors = len(order) - np.arange(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(given[order] * factors), 1.0) if len(order) else []
    return adjusted


def all_pairs(
    values: ArrayLike, *, test_to_train: float, rope: float = 0.005, level: float = 0.9
) -> list[Comparison]:
    """Every pair of sources on one target: `values` (S, J), one AUC per source and fold, NaN where not measured.

    Each pair is compared on the folds that both have by `corrected_difference` and `practical_difference`; pairs with
    fewer than two such folds are left out. Holm's correction is over all pairs of the target.
    """
    table = np.asarray(values, dtype=np.float64)
    found = []
    for one, other in combinations(range(len(table)), 2):
        both = ~np.isnan(table[one]) & ~np.isnan(table[other])
        if both.sum() >= 2:
            a, b = table[one][both], table[other][both]
            found.append(
                (
                    one,
                    other,
                    corrected_difference(a, b, test_to_train=test_to_train, level=level),
                    practical_difference(a, b, test_to_train=test_to_train, rope=rope),
                )
            )
    adjusted = holm([difference.p for _, _, difference, _ in found])
    return [Comparison(*row, float(p)) for row, p in zip(found, adjusted, strict=True)]


def letters(different: ArrayLike) -> list[str]:
    """A compact letter display: two items share a letter exactly where they are *not* different.

    `different` (S, S) is symmetric. Items stand best first; the first item's group is "a". With more than 26 groups
    letters are doubled. Source: Piepho, *An algorithm for a letter-based representation of all-pairwise
    comparisons*, J. Comput. Graph. Stat. 13 (2004): insert and absorb.
    """
    apart = np.asarray(different, dtype=bool)
    if apart.ndim != 2 or apart.shape[0] != apart.shape[1] or (apart != apart.T).any():
        raise ValueError(f"differences of shape {apart.shape}: a symmetric (S, S) is needed")
    groups = [frozenset(range(len(apart)))]
    for one, other in combinations(range(len(apart)), 2):
        if apart[one, other]:
            split = {
                group - {gone}
                for group in groups
                for gone in ((one, other) if {one, other} <= group else (-1,))
            }
            groups = [group for group in split if not any(group < larger for larger in split)]
    ordered = sorted(groups, key=sorted)
    names = [chr(97 + n % 26) * (1 + n // 26) for n in range(len(ordered))]
    return [
        "".join(name for name, group in zip(names, ordered, strict=True) if item in group)
        for item in range(len(apart))
    ]
