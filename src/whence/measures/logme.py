"""How likely the labels are under the best Bayesian linear model on the features."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from whence.measures.contract import Measure, MeasureWarning
from whence.measures.inputs import Floats, checked_labels, class_sums
from whence.measures.linear_algebra import eigenvectors
from whence.measures.prepared import Prepared, prepare

LOWEST, HIGHEST = 1e-12, 1e8  # of λ = α / β, in units of the largest eigenvalue of F Fᵀ
GRID = 256


def logme(features: ArrayLike | Prepared, labels: ArrayLike) -> float:
    """Maximised log evidence per image of a linear model without intercept, averaged over classes; higher is better.

    For each class with indicator t (N,): max over α, β of log N(t; 0, I / β + F Fᵀ / α), divided by N. Unbounded, and
    positive where the features fit the labels closely. Scale of the features does not matter, a shift does. `features`
    are (N, D) or prepared, `labels` (N,). Compare sources on one target only: class balance moves the value.
    With N ≤ D the evidence may rise without end towards β → ∞: the value at λ = α / β → 0 is returned, or where that
    has no limit the one at the least λ tried, and a `MeasureWarning` given. Raises `ValueError` as all measures do.
    Source: You, Liu, Wang, Long, *LogME* (2021), equation 2; the maximum is searched for over λ, since the published
    fixed point drops (D − rank) log α, which is wrong for N < D.
    """
    ready = prepare(features)
    y = checked_labels(labels, len(ready))
    values = _decompose(ready, y).evidences()
    if any(at_bound for _, at_bound in values):
        warnings.warn(
            f"LogME: the features can fit the labels without any error ({len(ready)} images, {ready.dimensions} "
            "features), so it says how many features there are rather than how good; use a cross-validated measure",
            MeasureWarning,
            stacklevel=2,
        )
    return float(np.mean([value for value, _ in values]))


@dataclass(frozen=True)
class _Model:
    """Each class's indicator in the eigenbasis of F Fᵀ."""

    images: int
    eigenvalues: Floats  # of F Fᵀ, (K,), positive
    squares: Floats  # of the indicators' coordinates there, (K, C)
    outside: Floats  # squared length of the rest, (C,)

    def loss(self, log_ratio: Floats) -> Floats:
        """N log q + Σ log(1 + σ / λ) of each class, (G, C): −2 × evidence but for constants, β being N / q."""
        ratio = np.exp(log_ratio)[:, None] * self.eigenvalues[-1]
        misfit = (ratio / (ratio + self.eigenvalues)) @ self.squares + self.outside
        return np.asarray(
            self.images * np.log(misfit) + np.log1p(self.eigenvalues / ratio).sum(axis=1, keepdims=True)
        )

    def of_class(self, c: int) -> _Model:
        """The same for one class alone."""
        return _Model(self.images, self.eigenvalues, self.squares[:, [c]], self.outside[[c]])

    def evidences(self) -> list[tuple[float, bool]]:
        """Each class's maximised log evidence per image, and whether it is reached only as λ → 0."""
        grid = np.linspace(np.log(LOWEST), np.log(HIGHEST), GRID)
        losses = self.loss(grid)
        return [self.of_class(c)._evidence(grid, losses[:, c]) for c in range(losses.shape[1])]

    def _evidence(self, grid: Floats, losses: Floats) -> tuple[float, bool]:
        from scipy.optimize import minimize_scalar

        best = int(losses.argmin())
        around = (grid[max(best - 1, 0)], grid[min(best + 1, GRID - 1)])
        found = minimize_scalar(
            lambda at: float(self.loss(np.array([at]))[0, 0]),
            bounds=around,
            method="bounded",
            options={"xatol": 1e-7},
        )
        n = self.images
        none = n * np.log(self.squares.sum() + self.outside[0])  # λ → ∞: the features tell nothing
        lowest = min(float(found.fun), float(losses[best]), float(none))
        exact = self._at_zero()
        return -0.5 * (
            np.log(2 * np.pi) - np.log(n) + 1 + min(lowest, exact) / n
        ), exact <= lowest or best == 0

    def _at_zero(self) -> float:
        """The loss as λ → 0, which is finite only where F Fᵀ has full rank N."""
        if len(self.eigenvalues) < self.images:
            return np.inf
        return float(
            self.images * np.log((self.squares[:, 0] / self.eigenvalues).sum())
            + np.log(self.eigenvalues).sum()
        )


def _decompose(ready: Prepared, y: np.ndarray) -> _Model:
    n, rows = len(ready), ready.coordinates
    classes = int(y.max()) + 1
    counts = np.bincount(y).astype(np.float64)
    if n <= rows.shape[1]:
        values, left = eigenvectors(rows @ rows.T)
        kept = values > _rounding(values)
        squares = class_sums(left, y, classes).T[kept] ** 2
    else:
        values, right = eigenvectors(ready.scatter + n * np.outer(ready.mean, ready.mean))
        kept = values > _rounding(values)
        squares = (right.T @ class_sums(rows, y, classes).T)[kept] ** 2 / values[kept, None]
    if not kept.any():  # all features are zero
        return _Model(n, np.ones(1), np.zeros((1, classes)), counts)
    outside = counts - squares.sum(axis=0)
    outside[outside < 1e-13 * n] = 0.0
    return _Model(n, values[kept], squares, outside)


def _rounding(eigenvalues: Floats) -> float:
    return float(len(eigenvalues) * np.finfo(float).eps * max(eigenvalues[-1], 0.0))


MEASURE = Measure(
    name="logme",
    kind="score",
    compute=logme,
    higher_is_better=True,
    bounds=(None, None),
    needs=("features", "labels"),
    cost="one eigendecomposition: O(N D min(N, D))",
    citation="You, Liu, Wang, Long: LogME: practical assessment of pre-trained models for transfer learning. "
    "ICML 2021",
    meaning="How well a straight-line rule on the network's features would explain the diagnoses, with a "
    "built-in penalty for rules that are more complicated than the number of images supports. Only differences "
    "between sources on the same images mean something; the number itself, which may be negative or positive, "
    "does not.",
    trust="With more images than features. With fewer, it warns where the features can fit any labels: its "
    "order then reflects the size of the network. On published medical outcomes its order agreed with "
    "fine-tuning less than the mean rank of a source on other targets.",
    blind_to="what fine-tuning changes; anything but straight lines; whether it holds on new patients",
)
