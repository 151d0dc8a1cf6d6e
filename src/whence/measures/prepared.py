"""Features made ready once for several measures: what one of them has computed, the next finds there.

    ready = prepare(features)
    logme(ready, labels), h_score(ready, labels), gbc(ready, labels)

Every measure on features takes a plain array as well and prepares it for itself. Labels play no part here, so one
prepared array serves any labelling. Nothing is computed before a measure asks for it, nothing outlives the object.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from whence.measures.inputs import Floats, Indices, checked_features
from whence.measures.linear_algebra import leading

LEADING = 64  # principal directions computed at a time; as many as most measures ask for
PREFIX = 16  # features that nearly always tell two images apart
NO_VARIANCE = 1e-12  # of the largest principal variance


@dataclass(frozen=True, eq=False)
class Prepared:
    """Features (N, D) and what is derived from them. Made by `prepare`."""

    features: Floats

    def __len__(self) -> int:
        """How many images there are."""
        return len(self.features)

    @property
    def dimensions(self) -> int:
        """D, the number of features."""
        return int(self.features.shape[1])

    @cached_property
    def coordinates(self) -> Floats:
        """The images in an orthonormal basis of the space they span, (N, min(N, D)): same lengths, same angles.

        With N ≥ D the features themselves; with fewer images, N columns do.
        """
        if len(self) >= self.dimensions:
            return self.features
        upper = np.asarray(np.linalg.qr(self.features.T, mode="r"))
        return np.ascontiguousarray(upper.T)

    @cached_property
    def mean(self) -> Floats:
        """Of the coordinates, (K,)."""
        return np.asarray(self.coordinates.mean(axis=0))

    @cached_property
    def centred(self) -> Floats:
        """The coordinates without their mean, (N, K); a column that is constant but for rounding is zero."""
        centred = self.coordinates - self.mean
        if len(self) >= self.dimensions:
            rounding = np.abs(centred).max(axis=0) <= 1e-13 * np.abs(self.mean)
            centred[:, rounding] = 0.0
        else:
            centred[np.abs(centred) <= 1e-14 * np.abs(self.coordinates).max()] = 0.0
        return centred

    @cached_property
    def scatter(self) -> Floats:
        """Centred coordinates times themselves, (K, K): N times their covariance."""
        return np.asarray(self.centred.T @ self.centred)

    @cached_property
    def variance(self) -> float:
        """Of all features together: the trace of their covariance (divided by N)."""
        return float(np.trace(self.scatter)) / len(self)

    @cached_property
    def _leading(self) -> tuple[Floats, Floats]:
        return leading(self.scatter, LEADING)

    @cached_property
    def _all(self) -> tuple[Floats, Floats]:
        return leading(self.scatter, len(self.scatter))

    def _scores(self, variances: Floats, axes: Floats) -> Floats:
        """The images' coordinates on axes that have any variance; each axis' largest loading is made positive."""
        axes = axes[:, variances > NO_VARIANCE * max(variances[0], np.finfo(float).tiny)]
        scores = self.centred @ axes
        loadings = axes
        if len(self) < self.dimensions:
            loadings = (self.features - self.features.mean(axis=0)).T @ scores
        largest = np.abs(loadings).argmax(axis=0)
        return np.asarray(scores * np.where(loadings[largest, np.arange(axes.shape[1])] < 0, -1.0, 1.0))

    def principal(self, dims: int) -> Floats:
        """The first `dims` principal components of the images, (N, ≤ dims): fewer where fewer have any variance.

        Each direction's largest loading is positive, as in scikit-learn's PCA.
        """
        variances, axes = self._leading if dims <= LEADING else self._all
        return self._scores(variances[:dims], axes[:, :dims])

    def principal_with(self, energy: float) -> Floats:
        """The fewest principal components that hold the share `energy` of the variance."""
        total = max(float(np.trace(self.scatter)), np.finfo(float).tiny)
        variances, axes = self._leading
        if variances.sum() < energy * total:
            variances, axes = self._all
        count = int(np.searchsorted(np.cumsum(variances), energy * total * (1 - 1e-12))) + 1
        return self._scores(variances[:count], axes[:, :count])


def prepare(features: ArrayLike | Prepared) -> Prepared:
    """Check features (N, D) and make them ready; what is ready already stays as it is.

    Raises `ValueError` for another shape, fewer than two images, NaN or infinity.
    """
    return features if isinstance(features, Prepared) else Prepared(checked_features(features))


def content_order(features: Floats, y: Indices) -> Indices:
    """An order of the images that their content decides, so that what is drawn by a seed is drawn alike
    however the images came.
    """
    order = np.argsort(y, kind="stable")
    keys = _keys(features[:, :PREFIX])
    if len(np.unique(keys)) < len(keys):
        keys = _keys(features)
    return np.asarray(order[np.argsort(keys[order], kind="stable")])


def _keys(rows: Floats) -> np.ndarray:
    """A row's bytes as one value that sorts."""
    rows = np.ascontiguousarray(rows + 0.0)  # −0 and 0 are one number
    return rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
