"""Seconds of the distances on features, as large as they come: whence.measures against the usual way to compute them.

    python benchmarks/distances.py [--threads 2] [--plain]

In this process, after imports and a warm-up. Bars, on two cores: OTDD of 2,000 × 2,000 images in 64 dimensions 5 s,
Fréchet of 5,000 × 2,048 5 s, KID 8 s. `--plain` also runs the usual ways (a matrix root of the covariances' product,
full tables of kernels) and shows the ratio.

What bounds them (G = 10⁹ multiplications in float64):
    Fréchet  two products of 2048² from 5,000 rows (21 G, half by symmetry), two Cholesky factors (6 G), a product (9 G)
             and the singular values of 2048² (11 G, half of them memory-bound: 32 MB once per column, 69 GB)
    KID      51 G between, 26 G within each; tables of 25 M numbers, written and read by blocks of 40 MB
    OTDD     a network simplex on 4 M costs of 32 MB; C² = 100 pairs of classes of 64² are nothing
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg
from threadpoolctl import threadpool_limits

from whence import measures

BARS = {"otdd": 5.0, "frechet": 5.0, "kid": 8.0}


def features(n: int, d: int, seed: int, shift: float) -> np.ndarray:
    """Non-negative, with a falling spectrum, as a network gives them."""
    random = np.random.default_rng(seed)
    mixing = np.random.default_rng(0).normal(size=(d, d)) / np.sqrt(d)
    return np.maximum((random.normal(size=(n, d)) * np.geomspace(3, 0.05, d)) @ mixing + 0.3 + shift, 0)


def plain_frechet(x: np.ndarray, y: np.ndarray) -> float:
    s, t = np.cov(x.T), np.cov(y.T)
    root = scipy.linalg.sqrtm(s @ t)
    return float(((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(s + t - 2 * np.real(root)))


def plain_kid(x: np.ndarray, y: np.ndarray) -> float:
    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.asarray((a @ b.T / a.shape[1] + 1) ** 3)

    n, m = len(x), len(y)
    xx, yy = kernel(x, x), kernel(y, y)
    within = (xx.sum() - np.trace(xx)) / (n * (n - 1)) + (yy.sum() - np.trace(yy)) / (m * (m - 1))
    return float(within - 2 * kernel(x, y).mean())


def timed(function: Callable[..., float], *arguments: Any) -> tuple[float, float, float]:
    """Value, seconds on the clock, seconds of processors."""
    clock, used = time.perf_counter(), time.process_time()
    value = function(*arguments)
    return value, time.perf_counter() - clock, time.process_time() - used


def main() -> None:
    """Measure and print a line per distance."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--plain", action="store_true")
    given = parser.parse_args()
    wide = features(5000, 2048, 1, 0.0), features(5000, 2048, 2, 0.1)
    labels = np.arange(2000) % 10
    moved = np.random.default_rng(3).normal(size=(10, 64))[labels]
    one, other = (features(2000, 64, s, 0.0) + moved for s in (4, 5))
    inputs: dict[str, tuple[Any, ...]] = {
        "otdd": (one, labels, other + 0.5, labels),
        "frechet": wide,
        "kid": wide,
        "energy": wide,
        "mmd": wide,
        "sliced_wasserstein": wide,
    }
    print(f"load {os.getloadavg()[0]:.1f}, {given.threads} threads, numpy {np.__version__}")
    print(f"{'':>20} {'seconds':>8} {'(CPU)':>8} {'bar':>5}")
    with threadpool_limits(given.threads):
        for name, arguments in inputs.items():
            function = getattr(measures, name)
            function(*(a[:200] for a in arguments))
            value, clock, used = timed(function, *arguments)
            line = f"{name:>20} {clock:8.2f} {used:8.2f} {BARS.get(name, ''):>5}  {value:.6g}"
            if given.plain and f"plain_{name}" in globals():
                same, plain, _ = timed(globals()[f"plain_{name}"], *arguments)
                line += f"; the usual way {plain:.2f} s ({plain / clock:.1f} ×), {same:.6g}"
            print(line, flush=True)
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
