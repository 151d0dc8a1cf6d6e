"""A straight line through points, and the band in which the true line lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Band:
    """The least squares line at the places `at`, with its pointwise confidence band; all (K,)."""

    at: NDArray[np.float64]
    line: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def regression_band(x: ArrayLike, y: ArrayLike, at: ArrayLike, level: float = 0.95) -> Band:
    """Least squares of `y` (N,) on `x` (N,), N ≥ 3, and the band of its mean: ± t · s · √(1/N + (x₀ − x̄)²/Sxx).

    The band takes the points for independent, which pairs that share a source or a target are not: it is drawn as the
    paper's Figure 4 draws its own, and is too narrow. Raises `ValueError` for fewer points or an `x` that is constant.
    """
    from scipy.stats import t

    xs, ys = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    places = np.asarray(at, dtype=np.float64)
    if xs.ndim != 1 or xs.shape != ys.shape or len(xs) < 3 or not (np.isfinite(xs) & np.isfinite(ys)).all():
        raise ValueError(f"x of shape {xs.shape} and y of shape {ys.shape}: three finite points or more")
    middle = xs.mean()
    spread = float(((xs - middle) ** 2).sum())
    if spread <= 0:
        raise ValueError("x does not vary: there is no line through points that stand above one another")
    slope = float(((xs - middle) * ys).sum()) / spread
    line = ys.mean() + slope * (places - middle)
    residual = ys - ys.mean() - slope * (xs - middle)
    scale = np.sqrt((residual**2).sum() / (len(xs) - 2))
    reach = t.ppf((1 + level) / 2, len(xs) - 2) * scale
    reach = reach * np.sqrt(1 / len(xs) + (places - middle) ** 2 / spread)
    return Band(places, line, line - reach, line + reach)
