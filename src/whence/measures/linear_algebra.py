"""The few pieces of linear algebra that the measures share, on symmetric matrices without negative eigenvalues."""

from __future__ import annotations

import numpy as np

from whence.measures.inputs import Floats

SMALL = 512  # up to this side all eigenvectors are as quick as a few
BLOCK = 64
NEGLIGIBLE = 1e-10  # of the largest eigenvalue: below, a direction is rounding


def solve(matrix: Floats, right: Floats) -> Floats:
    """The x, (K, C), with matrix · x = right; where the matrix (K, K) is singular, the shortest such x in its range."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    try:
        solved: Floats = cho_solve(cho_factor(matrix, lower=True, check_finite=False), right)
        if np.isfinite(solved).all():
            return solved
    except LinAlgError:
        pass
    values, vectors = np.linalg.eigh(matrix)
    kept = values > NEGLIGIBLE * max(values[-1], np.finfo(float).tiny)
    return np.asarray(vectors[:, kept] @ ((vectors[:, kept].T @ right) / values[kept, None]))


def log_determinant_above_identity(gram: Floats) -> float:
    """Of I + gram: one Cholesky factor."""
    lower = np.linalg.cholesky(gram + np.eye(len(gram)))
    return float(2 * np.log(np.diagonal(lower)).sum())


def leading(matrix: Floats, count: int) -> tuple[Floats, Floats]:
    """The `count` largest eigenvalues, falling, and their eigenvectors (K, count).

    A large matrix is met with a block Krylov space, grown until every residual is below 1e-9 of the largest
    eigenvalue: only products with the matrix, at the speed of matrix multiplication. It starts from fixed
    vectors, so the same matrix gives the same bits.
    Source: Golub, Van Loan, *Matrix Computations*, section 10.3.6 (block Lanczos, with full orthogonalisation).
    """
    side = len(matrix)
    count = min(count, side)
    if side <= SMALL or 4 * count > side:
        return _sorted(matrix, count)
    block = np.linalg.qr(np.random.default_rng(0).normal(size=(side, BLOCK)))[0]
    basis, images = block, matrix @ block
    while basis.shape[1] + BLOCK < side:
        small, inside = _sorted(basis.T @ images, min(count, basis.shape[1]))
        residuals = np.linalg.norm(images @ inside - (basis @ inside) * small, axis=0)
        if len(small) == count and (residuals <= 1e-9 * small[0]).all():
            return small, basis @ inside
        block = images[:, -BLOCK:]
        for _ in range(2):  # twice is enough (Kahan, Parlett)
            block = np.linalg.qr(block - basis @ (basis.T @ block))[0]
        basis, images = np.hstack([basis, block]), np.hstack([images, matrix @ block])
    return _sorted(matrix, count)


def _sorted(matrix: Floats, count: int) -> tuple[Floats, Floats]:
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return values[::-1][:count], vectors[:, ::-1][:, :count]
