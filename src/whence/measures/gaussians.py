"""Normal distributions fitted to images' features, and the Wasserstein distance between two of them (Bures)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whence.measures.inputs import Floats


@dataclass(frozen=True, eq=False)
class Gaussian:
    """A mean (D,) and a root (K, D) of the covariance: rootᵀ · root is the covariance, K ≤ max(N, D)."""

    mean: Floats
    root: Floats

    @property
    def variance(self) -> float:
        """The trace of the covariance."""
        return float(np.einsum("ij,ij->", self.root, self.root))


def fitted(x: Floats) -> Gaussian:
    """Mean and covariance (divided by N − 1) of rows (N, D); a single row has no spread."""
    n, d = x.shape
    mean = x.mean(axis=0)
    if n == 1:
        return Gaussian(mean, np.zeros((1, d)))
    centred = (x - mean) / np.sqrt(n - 1)
    return Gaussian(mean, centred if n <= d else _triangular(centred))


def _triangular(rows: Floats) -> Floats:
    """A D × D matrix with the same product as rows (N, D), N > D; Cholesky is the quicker, QR takes any rank."""
    try:
        return np.asarray(np.linalg.cholesky(rows.T @ rows).T)
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.qr(rows, mode="r"))


def squared_wasserstein(a: Gaussian, b: Gaussian) -> float:
    """|mean difference|² + tr(S + S′ − 2 (S^½ S′ S^½)^½), 0 or more.

    The last trace is the sum of the singular values of root · root′ᵀ, whatever roots are taken: no matrix root is
    drawn, nothing turns complex, and with few images the matrix is small.
    Source: Dowson, Landau, *The Fréchet distance between multivariate normal distributions* (1982).
    """
    overlap = float(np.linalg.svd(a.root @ b.root.T, compute_uv=False).sum())
    gap = float(((a.mean - b.mean) ** 2).sum())
    return max(gap + a.variance + b.variance - 2 * overlap, 0.0)
