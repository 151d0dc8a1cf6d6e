"""The few pieces of linear algebra that the measures share, on symmetric matrices without negative eigenvalues."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from whence.measures.inputs import Floats

SMALL = 512  # up to this side all eigenvectors are as quick as a few
BLOCK = 24  # columns at a time: wider ones waste work, narrower ones run at memory's speed
CHECKED = 5  # blocks between two looks at the residuals
NEGLIGIBLE = 1e-10  # of the largest eigenvalue: below, a direction is rounding


def eigenvectors(matrix: Floats) -> tuple[Floats, Floats]:
    """All eigenvalues, rising, and their eigenvectors (K, K), on one thread.

    Half of the work is products of a matrix and a vector, which gain little from a second thread; on a busy machine the
    threads wait for each other ten times as long as they compute.
    """
    with threadpool_limits(1, user_api="blas"):
        values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return values, vectors


def solve(matrix: Floats, right: Floats) -> Floats:
    """The x, (K, C), with matrix · x = right; where the matrix (K, K) is singular, the shortest such x in its range."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    try:
        solved: Floats = cho_solve(cho_factor(matrix, lower=True, check_finite=False), right)
        if np.isfinite(solved).all():
            return solved
    except LinAlgError:
        pass
    values, vectors = eigenvectors(matrix)
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
    vectors, so the same matrix gives the same bits; where the space fills a third of the whole, all eigenvectors are
    computed after all.
    Source: Golub, Van Loan, *Matrix Computations*, section 10.3.6 (block Lanczos, with full orthogonalisation).
    """
    side = len(matrix)
    count = min(count, side)
    if side <= SMALL or 4 * count > side:
        return _largest(matrix, count)
    with threadpool_limits(1, user_api="blas"):  # as for `eigenvectors`
        return _krylov(matrix, count) or _largest(matrix, count)


def _krylov(matrix: Floats, count: int) -> tuple[Floats, Floats] | None:
    side = len(matrix)
    basis = np.empty((side, side // 3 // BLOCK * BLOCK), order="F")
    images = np.empty_like(basis)
    block = np.random.default_rng(0).normal(size=(side, BLOCK))
    for start in range(0, basis.shape[1], BLOCK):
        known, end = basis[:, :start], start + BLOCK
        for _ in range(2):  # twice is enough (Kahan, Parlett)
            block = np.linalg.qr(block - known @ (known.T @ block))[0]
        basis[:, start:end] = block
        images[:, start:end] = block = matrix @ block
        if end >= 2 * count and (end // BLOCK) % CHECKED == 0:
            small, inside = _largest(basis[:, :end].T @ images[:, :end], count)
            vectors = basis[:, :end] @ inside
            if (np.linalg.norm(images[:, :end] @ inside - vectors * small, axis=0) <= 1e-9 * small[0]).all():
                return small, vectors
    return None


def _largest(matrix: Floats, count: int) -> tuple[Floats, Floats]:
    values, vectors = eigenvectors(matrix)
    return values[::-1][:count], vectors[:, ::-1][:, :count]
