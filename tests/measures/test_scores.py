"""Every score against an independent oracle: naive loops, mpmath, or the closed forms of scipy and scikit-learn."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.stats
from sklearn.covariance import LedoitWolf
from sklearn.decomposition import PCA
from sklearn.metrics import mutual_info_score, roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier, NeighborhoodComponentsAnalysis
from sklearn.preprocessing import StandardScaler

from tests.measures.odd_inputs import ODD, Images, make
from whence import measures
from whence.measures import MeasureWarning
from whence.measures.prepared import content_order

REFUSED = "a class with one image"  # by every score that has its oracle here, as the contract's test sees
AWKWARD = [name for name in ODD if name not in ("all columns constant", "every image twice", REFUSED)]


def calm(function: Callable[..., float], *arguments: Any, **options: Any) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MeasureWarning)
        return function(*arguments, **options)


def doubles(images: Images) -> tuple[np.ndarray, np.ndarray]:
    """Features in float64 and class numbers from 0."""
    return images.features.astype(np.float64), np.unique(images.labels, return_inverse=True)[1]


def naive_leep(p: np.ndarray, y: np.ndarray) -> float:
    """Term by term, with 50 digits."""
    with mpmath.workdps(50):
        exact = [[mpmath.mpf(float(v)) for v in row] for row in p]
        total = mpmath.mpf(0)
        columns = range(p.shape[1])
        mass = [mpmath.fsum(row[z] for row in exact) for z in columns]
        joint = {
            (c, z): mpmath.fsum(row[z] for row, label in zip(exact, y, strict=True) if label == c)
            for c in set(y.tolist())
            for z in columns
        }
        for row, label in zip(exact, y.tolist(), strict=True):
            total += mpmath.log(mpmath.fsum(joint[label, z] / mass[z] * row[z] for z in columns if mass[z]))
        return float(total / len(y))


@pytest.mark.parametrize("odd", ["plain", "imbalance 100:20", "fewer images than features"])
def test_leep(odd: str) -> None:
    images = ODD[odd]
    p, (_, y) = images.probabilities(), doubles(images)
    assert measures.leep(p, images.labels) == pytest.approx(naive_leep(p, y), rel=1e-12)
    empty = np.column_stack([p, np.zeros(len(y))])  # a source class that no image is taken for
    assert measures.leep(empty, images.labels) == pytest.approx(naive_leep(p, y), rel=1e-12)


def test_leep_at_its_ends() -> None:
    y = np.repeat([0, 1, 2], [10, 20, 30])
    entropy = scipy.stats.entropy(np.bincount(y))
    assert measures.leep(np.full((60, 4), 0.25), y) == pytest.approx(-entropy, rel=1e-14)
    assert measures.leep(np.eye(3)[y], y) == 0
    with pytest.raises(ValueError, match="sum to 1"):
        measures.leep(np.eye(3)[y] * 2, y)
    with pytest.raises(ValueError, match="NaN"):
        measures.leep(np.where(np.eye(3)[y] > 0, np.nan, 0), y)


@pytest.mark.parametrize("odd", ["plain", "imbalance 100:20", "fewer images than features"])
def test_nce_is_mutual_information_less_entropy(odd: str) -> None:
    images = ODD[odd]
    z, (_, y) = images.probabilities().argmax(axis=1), doubles(images)
    expected = mutual_info_score(z, y) - scipy.stats.entropy(np.bincount(y))
    assert measures.nce(z, images.labels) == pytest.approx(expected, rel=1e-12)
    p = images.probabilities()
    assert (
        measures.leep(p, y) >= measures.nce(z, y) + np.log(p.max(axis=1)).mean()
    )  # Nguyen et al., property 2


def dense_evidence(x: np.ndarray, y: np.ndarray) -> float:
    """The Gaussian's evidence, N × N covariance and all, maximised from many starts."""
    kernel, values = x @ x.T, []
    scale = np.trace(kernel) / len(x)
    for c in np.unique(y):
        t = (y == c).astype(float)

        def loss(at: np.ndarray, t: np.ndarray = t) -> float:
            covariance = np.exp(at[0]) * np.eye(len(t)) + np.exp(at[1]) * kernel / scale
            try:
                return float(-scipy.stats.multivariate_normal.logpdf(t, cov=covariance, allow_singular=False))
            except (np.linalg.LinAlgError, ValueError):
                return 1e10

        found = [
            scipy.optimize.minimize(
                loss, start, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-11}
            ).fun
            for start in ([-2, -2], [-4, 0], [-1, -12])
        ]
        values.append(-min(found) / len(t))
    return float(np.mean(values))


def noisy(counts: tuple[int, ...], d: int, seed: int = 0) -> Images:
    """Labels that the features tell in part only, so that the best noise is neither none nor all."""
    images = make(counts, d, signal=0.6, seed=seed)
    y = images.labels.copy()
    y[: len(y) // 6] = np.random.default_rng(seed).permutation(y[: len(y) // 6])
    return Images(images.features, y)


@pytest.mark.parametrize(
    "images",
    [
        noisy((14, 12), 60),
        noisy((10, 12, 11), 40),
        noisy((40, 30), 8),
        ODD["rank-deficient"],
        ODD["a constant column"],
    ],
    ids=["N < D", "N < D, three classes", "N > D", "rank-deficient", "a constant column"],
)
def test_logme_is_the_maximised_evidence_of_the_dense_gaussian(images: Images) -> None:
    x, y = doubles(images)
    expected = dense_evidence(x, y)
    assert measures.logme(x, y) == pytest.approx(expected, abs=1e-6)  # and no warning
    assert measures.logme(x * 1e5, y) == pytest.approx(expected, abs=1e-6)


def test_logme_says_when_the_features_fit_any_labels() -> None:
    images = ODD["fewer images than features"]
    random = np.random.default_rng(0)
    codes = np.eye(24)[random.permutation(24)]  # every image a direction of its own
    y = np.repeat([0, 1], 12)
    clear = np.column_stack([np.where(y == 1, 1.0, 0.0), np.where(y == 0, 1.0, 0.0)])
    with pytest.warns(MeasureWarning, match="without any error"):
        found = measures.logme(clear, y)  # two columns are the labels: no end to the evidence
    assert np.isfinite(found)
    assert found > calm(measures.logme, images.features, images.labels)
    # F Fᵀ = I: one variance only, and the evidence is that of independent labels
    expected = -0.5 * (np.log(2 * np.pi) + 1 + np.log(0.5))
    assert calm(measures.logme, codes, y) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("odd", AWKWARD)
def test_h_score(odd: str) -> None:
    x, y = doubles(ODD[odd])
    model = LedoitWolf().fit(x)
    means = np.stack([x[y == c].mean(axis=0) for c in np.unique(y)])[y]
    between = np.atleast_2d(np.cov(means.T, ddof=1))
    expected = (1 - model.shrinkage_) * np.trace(np.linalg.pinv(model.covariance_, rcond=1e-10) @ between)
    tolerance = 1e-4 if odd == "far from zero" else 1e-7
    assert calm(measures.h_score, ODD[odd].features, ODD[odd].labels) == pytest.approx(
        expected, rel=tolerance
    )


@pytest.mark.parametrize("odd", AWKWARD)
def test_transrate(odd: str) -> None:
    x, y = doubles(ODD[odd])
    x = x - x.mean(axis=0)

    def rate(rows: np.ndarray) -> float:
        eye = np.eye(x.shape[1])
        return float(np.linalg.slogdet(eye + rows.T @ rows / (len(rows) * 1e-4))[1]) / 2

    expected = rate(x) - sum((y == c).mean() * rate(x[y == c]) for c in np.unique(y))
    assert calm(measures.transrate, ODD[odd].features, ODD[odd].labels) == pytest.approx(
        expected, rel=1e-6, abs=1e-9
    )


@pytest.mark.parametrize("dims", [4, 64, None])
@pytest.mark.parametrize("odd", AWKWARD)
def test_gbc(odd: str, dims: int | None) -> None:
    x, y = doubles(ODD[odd])
    if dims is not None:
        rank = int(
            (np.linalg.svd(x - x.mean(axis=0), compute_uv=False) ** 2 > 1e-12 * x.var() * x.size).sum()
        )
        x = PCA(min(dims, rank), svd_solver="full").fit_transform(x)
    total = mpmath.mpf(0)
    for i, j in itertools.permutations(np.unique(y), 2):
        a, b = x[y == i], x[y == j]
        va, vb = max(float(a.var(axis=0).mean()), 1e-4), max(float(b.var(axis=0).mean()), 1e-4)
        middle = (va + vb) / 2
        distance = float(((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum()) / (8 * middle)
        distance += x.shape[1] / 2 * float(np.log(middle / np.sqrt(va * vb)))
        total -= mpmath.exp(-distance)
    found = calm(measures.gbc, ODD[odd].features, ODD[odd].labels, dims=dims)
    assert found == pytest.approx(float(total), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("dims", [4, 32, None])
@pytest.mark.parametrize(
    "odd", ["plain", "imbalance 100:20", "fewer images than features", "float32", "large values"]
)
def test_parc(odd: str, dims: int | None) -> None:
    x, y = doubles(ODD[odd])
    if dims is not None:
        x = PCA(min(dims, *x.shape, len(x) - 1), svd_solver="full").fit_transform(x)
    alike = np.corrcoef(StandardScaler().fit_transform(x))
    upper = np.triu_indices(len(y), 1)
    expected = 100 * scipy.stats.spearmanr((1 - alike)[upper], (y[:, None] != y[None])[upper]).statistic
    found = measures.parc(ODD[odd].features, ODD[odd].labels, dims=dims)
    assert found == pytest.approx(expected, abs=1e-6)


def test_parc_counts_ties_and_thins_by_class() -> None:
    twice = ODD["every image twice"]
    x, y = doubles(twice)
    upper = np.triu_indices(len(y), 1)
    alike = np.round(np.corrcoef(StandardScaler().fit_transform(x)), 12)
    expected = 100 * scipy.stats.spearmanr(-alike[upper], (y[:, None] != y[None])[upper]).statistic
    assert measures.parc(x, y, dims=None) == pytest.approx(expected, abs=1e-9)
    big = make((300, 60), 8)
    whole = measures.parc(big.features, big.labels)
    thinned = [measures.parc(big.features, big.labels, max_samples=120, seed=s) for s in range(10)]
    assert len(set(thinned)) == 10
    assert np.mean(thinned) == pytest.approx(whole, abs=3 * np.std(thinned) / np.sqrt(10) + 1)
    with pytest.raises(ValueError, match="two of each"):
        measures.parc(x, y, max_samples=5)


def reference_sfda(x: np.ndarray, y: np.ndarray) -> float:
    """As published: generalised eigenvectors of the between- and within-class scatter as the discriminants."""
    classes = np.unique(y)
    priors = np.array([(y == c).mean() for c in classes])

    def within(rows: np.ndarray) -> np.ndarray:
        return np.atleast_2d(
            sum(p * np.cov(rows[y == c].T, ddof=0) for c, p in zip(classes, priors, strict=True))
        )

    def probabilities(rows: np.ndarray, r: float) -> np.ndarray:
        inner = within(rows)
        shrunken = (1 - r) * inner + r * np.trace(inner) / len(inner) * np.eye(len(inner))
        total = np.atleast_2d(np.cov(rows.T, ddof=0))
        _, vectors = scipy.linalg.eigh(total - inner, shrunken)
        means = np.stack([rows[y == c].mean(axis=0) for c in classes])
        centre = rows.mean(axis=0)
        z, m = (rows - centre) @ vectors, (means - centre) @ vectors
        return np.asarray(scipy.special.softmax(z @ m.T - 0.5 * (m**2).sum(axis=1) + np.log(priors), axis=1))

    r = max(np.exp(-5 * np.linalg.eigvalsh(within(x))[-1]), 1e-10)
    p = scipy.special.softmax(probabilities(x, r), axis=1)
    mixed = np.empty_like(x)
    for i in range(len(x)):
        others = np.mean([x[y == c].mean(axis=0) for c in classes if c != y[i]], axis=0)
        mixed[i] = p[i, y[i]] * x[i] + (1 - p[i, y[i]]) * others
    return float(probabilities(mixed, r)[np.arange(len(y)), y].mean())


@pytest.mark.parametrize(
    "odd", ["plain", "two classes", "imbalance 100:20", "float32", "small values", "a single column"]
)
def test_sfda(odd: str) -> None:
    x, y = doubles(ODD[odd])
    assert calm(measures.sfda, ODD[odd].features, ODD[odd].labels) == pytest.approx(
        reference_sfda(x, y), rel=1e-7
    )


def test_sfda_and_h_score_and_gbc_warn_where_saturated() -> None:
    images = make((10, 10), 400, signal=30)
    for function in (measures.sfda, measures.gbc, measures.transrate, measures.nleep):
        with pytest.warns(MeasureWarning):
            function(images.features, images.labels)
    y = np.repeat([0, 1], 500)
    apart = np.random.default_rng(0).normal(size=(1000, 3)) + 100.0 * y[:, None] * [1, 0, 0]
    with pytest.warns(MeasureWarning, match="all but its bound"):
        measures.h_score(apart, y)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("odd", ["plain", "two classes", "imbalance 100:20", "fewer images than features"])
def test_knn(odd: str, metric: Any) -> None:
    x, y = doubles(ODD[odd])
    aucs = []
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(x, y):
        model = KNeighborsClassifier(5, metric=metric, algorithm="brute").fit(x[train], y[train])
        p = model.predict_proba(x[test])
        aucs.append(
            roc_auc_score(y[test], p[:, 1] if p.shape[1] == 2 else p, multi_class="ovr", average="weighted")
        )
    found = measures.knn_folds(ODD[odd].features, ODD[odd].labels, metric=metric)
    np.testing.assert_allclose(found, aucs, atol=1e-12)


def test_knn_lets_all_that_are_as_near_vote() -> None:
    x = np.array([[1.0, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 1], [1, 0], [0, 1]])
    y = np.array([0, 0, 1, 1, 1, 0, 0, 1])
    folds = [(np.arange(6), np.array([6, 7]))]
    assert measures.knn(x, y, k=1, folds=folds) == 1  # votes 2 : 1 on either side, whichever row comes first
    with pytest.raises(ValueError, match="1 to 6"):
        measures.knn(x, y, k=7, folds=folds)
    with pytest.raises(ValueError, match="metric 'l3'"):
        measures.knn(x, y, folds=folds, k=1, metric="l3")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "images", [make((40, 40, 40), 12, 0.4), make((15, 14), 60, 0.5)], ids=["N > D", "N < D"]
)
@pytest.mark.parametrize("in_sample", [True, False])
def test_nca_knn(images: Images, in_sample: bool) -> None:
    x, y = doubles(images)
    folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(x, y))
    everything = np.arange(len(y))
    values = []
    for train, test in [(everything, everything)] if in_sample else folds:
        centred = x[train] - x[train].mean(axis=0)
        scale = np.sqrt(centred.var(axis=0).sum())
        start = PCA(min(5, *centred.shape), svd_solver="full").fit(centred).components_
        model = NeighborhoodComponentsAnalysis(5, init=start, max_iter=50).fit(centred / scale, y[train])
        votes = KNeighborsClassifier(5).fit(model.transform(centred / scale), y[train])
        p = votes.predict_proba(model.transform((x[test] - x[train].mean(axis=0)) / scale))
        values.append(p[np.arange(len(test)), y[test]].mean())
    found = measures.nca_knn(images.features, images.labels, dims=5, in_sample=in_sample)
    assert found == pytest.approx(np.mean(values), abs=0.01)
    if in_sample:
        assert found >= measures.nca_knn(images.features, images.labels, dims=5)


def test_nleep_is_leep_of_a_mixture() -> None:
    images = make((60, 60), 6)
    x, y = doubles(images)
    order = content_order(x, y)
    x, y = x[order], y[order]
    points = PCA(0.8, svd_solver="full").fit_transform(x)
    points /= np.sqrt((points**2).mean())
    values = []
    for s in np.random.SeedSequence(4).generate_state(3):
        model = GaussianMixture(10, reg_covar=1e-6, random_state=int(s)).fit(points)
        values.append(naive_leep(model.predict_proba(points), y))
    assert calm(measures.nleep, x, y, seed=4) == pytest.approx(np.mean(values), rel=1e-6)
    assert calm(measures.nleep, x, y, seed=5) != calm(measures.nleep, x, y, seed=4)


def test_fu_of_a_network_whose_residual_branches_start_at_zero_is_said_to_mean_nothing() -> None:
    with pytest.warns(MeasureWarning, match="no gradient reaches the first block"):
        assert measures.fu([1.0, 2.0], [0.0, 0.0]) == 0.0


def test_fu_is_a_ratio_of_mean_norms() -> None:
    random = np.random.default_rng(0)
    first, block = random.normal(size=(6, 4, 3, 3, 3)), random.normal(size=(6, 5, 4, 3, 3))
    norms = [[np.sqrt(sum(v * v for v in g.ravel())) for g in layer] for layer in (first, block)]
    expected = sum(norms[1]) / sum(norms[0])
    assert measures.fu(first, block) == pytest.approx(expected, rel=1e-12)
    assert measures.fu(norms[0], norms[1]) == pytest.approx(expected, rel=1e-12)
    for a, b, told in [
        ([0.0, 0], [1.0, 2], "all zero"),
        ([1.0, 2], [1.0], "of 2 batches"),
        ([1.0, -1], [1.0, 1], "negative"),
        ([1.0, np.nan], [1.0, 1], "NaN"),
    ]:
        with pytest.raises(ValueError, match=told):
            measures.fu(a, b)


@pytest.mark.parametrize("odd", ["plain", "fewer images than features", "rank-deficient"])
def test_prepared_features_give_the_same_whatever_was_computed_before(odd: str) -> None:
    images = ODD[odd]
    ready = measures.prepare(images.features)
    names = ("nleep", "logme", "h_score", "transrate", "gbc", "parc", "sfda", "knn")
    shared = {name: calm(getattr(measures, name), ready, images.labels) for name in names}
    alone = {name: calm(getattr(measures, name), images.features, images.labels) for name in reversed(names)}
    assert shared == alone
