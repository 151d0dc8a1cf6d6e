"""Seconds of each score on 5,000 × 2,048 features of 10 classes, beside a straightforward implementation of each.

    python benchmarks/scores.py            all; --only logme gbc for some; --threads 1 on a machine that others use

Features are seeded, non-negative, 30 % zeros, with the covariance spectrum and total variance of ResNet-50's
penultimate features of 5,870 real images of nine datasets at 64 pixels (KNOTS, before the negative part is cut off;
between them eigenvalues follow a power law). Everything runs in this process, after imports and one warm-up on 300
images, each measure once with its plain counterpart straight after it. What bounds them, with N = 5,000, D = 2,048,
C = 10, S = 1,000 (a multiplication and an addition are two operations):

    the features' scatter        N D², half being symmetry: 21 G operations, reads 82 MB
    all eigenvectors             about 9 D³: 77 G; a sixth of them products of a matrix and a vector, at memory's speed
    64 leading eigenvectors      4 D² × 360 columns: 6 G
    Cholesky factor              D³ / 3: 3 G
    LogME                        scatter and all eigenvectors
    H-score, TransRate           scatter and a factor (TransRate: and a 500 × 500 one per class)
    GBC, PARC                    scatter and 64 leading eigenvectors; PARC then sorts 2 M pairs (16 MB) twice
    SFDA                         two scatters, two factors
    kNN                          2 N² · 4/5 · D: 82 G, writes 160 MB
    N-LEEP                       scatter, all eigenvectors (64 hold less than 80 % of the variance), then a mixture of
                                 K = 50 in D' dimensions: 4 N K D'² an iteration, three fits
    LEEP                         4 N S C: 0.2 G, reads 40 MB four times
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg
import scipy.special
import scipy.stats
from sklearn.covariance import LedoitWolf
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from whence import measures

N, D, C, S = 5000, 2048, 10, 1000
RANKS = (1, 2, 4, 10, 32, 64, 128, 256, 512, 1024, 1536, 2001, 2048)
KNOTS = (
    1.0,
    0.9277,
    0.4497,
    0.1420,
    0.0494,
    0.0248,
    9.52e-3,
    2.63e-3,
    8.18e-4,
    2.69e-4,
    1.07e-4,
    3.18e-5,
    7.13e-6,
)
MEAN, VARIANCE, ZEROS = 0.744, 2193.6, 0.30
BARS = {"logme": 2.5, "h_score": 1.5, "transrate": 2, "nleep": 10, "gbc": 1, "parc": 1, "sfda": 2.5, "knn": 2}
QUICK = {"leep": 0.02, "nce": 0.02}
SHARED = 1.3  # all eight over the slowest three


def make(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels; classes differ in mean along the first axes, as much as ResNet-50's do."""
    random = np.random.default_rng(seed)
    spectrum = np.exp(np.interp(np.log(np.arange(1, D + 1)), np.log(RANKS), np.log(KNOTS)))
    axes = np.linalg.qr(np.random.default_rng(1).normal(size=(D, D)))[0]
    y = random.integers(0, C, n)
    inside = random.normal(size=(n, D))
    inside[:, :40] += 0.8 * np.random.default_rng(2).normal(size=(C, 40))[y]
    x = (inside * np.sqrt(spectrum)) @ axes
    x = np.maximum(x - np.quantile(x, ZEROS), 0)
    return x * np.sqrt(VARIANCE / x.var(axis=0).sum()), y


def plain_leep(p: np.ndarray, y: np.ndarray) -> float:
    joint = np.zeros((C, p.shape[1]))
    for row, label in zip(p, y, strict=True):
        joint[label] += row
    conditional = joint / joint.sum(axis=0)
    return float(np.mean([np.log(conditional[label] @ row) for row, label in zip(p, y, strict=True)]))


def plain_nce(z: np.ndarray, y: np.ndarray) -> float:
    total = 0.0
    for source in np.unique(z):
        for label in np.unique(y):
            both = np.mean((z == source) & (y == label))
            if both:
                total += both * np.log(both / np.mean(z == source))
    return float(total)


def plain_nleep(x: np.ndarray, y: np.ndarray) -> float:
    points = PCA(0.8, svd_solver="full").fit_transform(x)
    points /= np.sqrt((points**2).mean())
    seeds = np.random.SeedSequence(0).generate_state(3)
    fits = [GaussianMixture(5 * C, reg_covar=1e-6, random_state=int(s)).fit(points) for s in seeds]
    return float(np.mean([plain_leep(fit.predict_proba(points), y) for fit in fits]))


def plain_logme(x: np.ndarray, y: np.ndarray) -> float:
    """Full SVD, then the fixed point with all its terms."""
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    n, sigma, values = len(x), s**2, []
    for c in range(C):
        t = (y == c).astype(float)
        squares = (u.T @ t)[: len(s)] ** 2
        rest, a, b = max(t @ t - squares.sum(), 0.0), 1.0, 1.0
        for _ in range(100):
            ratio = a / b
            used = (sigma / (sigma + ratio)).sum()
            m2, e2 = (
                (sigma * squares / (ratio + sigma) ** 2).sum(),
                (squares * ratio**2 / (ratio + sigma) ** 2).sum() + rest,
            )
            a, b = used / m2, (n - used) / e2
            if abs(a / b - ratio) <= 1e-9 * ratio:
                break
        logs = len(s) * np.log(a) + n * np.log(b) - np.log(a + b * sigma).sum()
        values.append((logs - b * e2 - a * m2 - n * np.log(2 * np.pi)) / (2 * n))
    return float(np.mean(values))


def plain_h_score(x: np.ndarray, y: np.ndarray) -> float:
    model = LedoitWolf().fit(x)
    means = np.stack([x[y == c].mean(axis=0) for c in range(C)])[y]
    return float((1 - model.shrinkage_) * np.trace(np.linalg.pinv(model.covariance_) @ np.cov(means.T)))


def plain_transrate(x: np.ndarray, y: np.ndarray) -> float:
    x = x - x.mean(axis=0)
    eye = np.eye(x.shape[1])

    def rate(rows: np.ndarray) -> float:
        return float(np.linalg.slogdet(eye + rows.T @ rows / (len(rows) * 1e-4))[1]) / 2

    return rate(x) - float(sum((y == c).mean() * rate(x[y == c]) for c in range(C)))


def plain_gbc(x: np.ndarray, y: np.ndarray) -> float:
    points = PCA(64, svd_solver="covariance_eigh").fit_transform(x)
    means = [points[y == c].mean(axis=0) for c in range(C)]
    variances = [max(float(points[y == c].var(axis=0).mean()), 1e-4) for c in range(C)]
    total = 0.0
    for i in range(C):
        for j in range(C):
            if i != j:
                middle = (variances[i] + variances[j]) / 2
                distance = ((means[i] - means[j]) ** 2).sum() / (8 * middle)
                distance += 32 * np.log(middle / np.sqrt(variances[i] * variances[j]))
                total -= np.exp(-distance)
    return float(total)


def plain_parc(x: np.ndarray, y: np.ndarray) -> float:
    points = PCA(32, svd_solver="covariance_eigh").fit_transform(x)
    alike = np.corrcoef(StandardScaler().fit_transform(points))
    upper = np.triu_indices(len(y), 1)
    return float(100 * scipy.stats.spearmanr((1 - alike)[upper], (y[:, None] != y[None])[upper]).statistic)


def plain_sfda(x: np.ndarray, y: np.ndarray) -> float:
    priors = np.bincount(y) / len(y)

    def within(rows: np.ndarray) -> np.ndarray:
        return np.asarray(sum(p * np.cov(rows[y == c].T, ddof=0) for c, p in enumerate(priors)))

    def probabilities(rows: np.ndarray, inner: np.ndarray, r: float) -> np.ndarray:
        shrunken = (1 - r) * inner + r * np.trace(inner) / len(inner) * np.eye(len(inner))
        _, vectors = scipy.linalg.eigh(np.cov(rows.T, ddof=0) - inner, shrunken)
        means = np.stack([rows[y == c].mean(axis=0) for c in range(C)]) @ vectors
        return np.asarray(
            scipy.special.softmax(
                rows @ vectors @ means.T - 0.5 * (means**2).sum(axis=1) + np.log(priors), axis=1
            )
        )

    inner = within(x)
    r = max(float(np.exp(-5 * np.linalg.eigvalsh(inner)[-1])), 1e-10)
    own = scipy.special.softmax(probabilities(x, inner, r), axis=1)[np.arange(len(y)), y][:, None]
    means = np.stack([x[y == c].mean(axis=0) for c in range(C)])
    mixed = own * x + (1 - own) * ((means.sum(axis=0) - means) / (C - 1))[y]
    return float(probabilities(mixed, within(mixed), r)[np.arange(len(y)), y].mean())


def plain_knn(x: np.ndarray, y: np.ndarray) -> float:
    aucs = []
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(x, y):
        p = (
            KNeighborsClassifier(5, metric="cosine", algorithm="brute")
            .fit(x[train], y[train])
            .predict_proba(x[test])
        )
        aucs.append(roc_auc_score(y[test], p, multi_class="ovr", average="weighted"))
    return float(np.mean(aucs))


def timed(function: Callable[..., float], *arguments: Any) -> tuple[float, float, float]:
    """Value, seconds on the clock, seconds of processors."""
    clock, used = time.perf_counter(), time.process_time()
    value = function(*arguments)
    return value, time.perf_counter() - clock, time.process_time() - used


def main() -> None:
    """Measure, print one line per score, and what all eight cost together."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=[*BARS, *QUICK])
    parser.add_argument("--skip-plain", action="store_true")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    x, y = make(N)
    logits = (
        np.random.default_rng(3).normal(size=(N, S)) * 2 + 3 * np.random.default_rng(4).normal(size=(C, S))[y]
    )
    p = scipy.special.softmax(logits, axis=1)
    inputs = {"leep": (p, y), "nce": (p.argmax(axis=1), y)}
    print(f"load {os.getloadavg()[0]:.1f}, {given.threads} threads, numpy {np.__version__}")
    print(f"{'':>12} {'seconds':>8} {'(CPU)':>8} {'bar':>6} {'plain':>8} {'ratio':>6}  values")
    alone: dict[str, float] = {}
    with threadpool_limits(given.threads):
        for name in given.only:
            function, arguments = getattr(measures, name), inputs.get(name, (x, y))
            function(*(a[:300] for a in arguments))
            value, seconds, used = timed(function, *arguments)
            alone[name] = seconds
            bar = (BARS | QUICK)[name]
            line = f"{name:>12} {seconds:8.3f} {used:8.3f} {bar:6.2f}"
            if not given.skip_plain:
                other, plain, _ = timed(globals()[f"plain_{name}"], *arguments)
                line += f" {plain:8.3f} {plain / seconds:6.1f}  {value:.6g}, plain {other:.6g}"
            print(line, flush=True)
        if set(BARS) <= set(alone):
            ready = measures.prepare(x)
            clock = time.perf_counter()
            for name in BARS:
                getattr(measures, name)(ready, y)
            together, slowest = time.perf_counter() - clock, sum(sorted(alone[n] for n in BARS)[-3:])
            print(
                f"all eight {together:.2f} s, slowest three {slowest:.2f} s: {together / slowest:.2f} (bar {SHARED})"
            )
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
