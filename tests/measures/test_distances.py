"""Every distance against an independent oracle: naive loops, closed forms, scipy, POT's own solvers, mpmath."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.linalg
import scipy.stats

from tests.measures.odd_inputs import ODD, make
from whence import measures
from whence.measures import pairs, task2vec
from whence.measures.gaussians import fitted, squared_wasserstein

ot = pytest.importorskip("ot", reason="POT is not installed: pip install 'whence[otdd]'")

TRICKY = ["plain", "fewer images than features", "rank-deficient", "a constant column", "a single column"]


def two(odd: str) -> tuple[np.ndarray, np.ndarray]:
    """The features of an odd dataset and of a plain one of the same width."""
    x = ODD[odd].features.astype(np.float64)
    return x, make((14, 23), x.shape[1], seed=5, shift=0.4).features


def test_pairs_are_counted_once_each_in_any_block(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = two("plain")

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.asarray(np.exp(a @ b.T / 20) + a[:, :1] * b[:, :1].T)

    between = np.mean([float(kernel(a[None], b[None])[0, 0]) for a in x for b in y])
    within = np.mean([float(kernel(a[None], b[None])[0, 0]) for a, b in itertools.permutations(x, 2)])
    for block in (7, 30, 1024):
        monkeypatch.setattr(pairs, "BLOCK", block)
        assert pairs.mean_between(kernel, x, y) == pytest.approx(between, rel=1e-12)
        assert pairs.mean_within(kernel, x) == pytest.approx(within, rel=1e-12)


def naive_frechet(x: np.ndarray, y: np.ndarray) -> float:
    """The definition, with 40 digits: tr (S S′)^½ from the eigenvalues of S S′."""
    with mpmath.workdps(40):

        def moments(rows: np.ndarray) -> tuple[Any, Any]:
            exact = mpmath.matrix(rows.tolist())
            mean = mpmath.matrix([mpmath.fsum(exact[:, j]) / len(rows) for j in range(rows.shape[1])])
            centred = exact - mpmath.matrix([[mean[j] for j in range(rows.shape[1])] for _ in rows])
            return mean, centred.T * centred / (len(rows) - 1)

        (m, s), (n, t) = moments(x), moments(y)
        product = s * t
        values = [product[0, 0]] if product.rows == 1 else mpmath.eig(product, left=False, right=False)
        root = mpmath.fsum(mpmath.sqrt(max(mpmath.re(v), 0)) for v in values)
        trace = sum(s[i, i] + t[i, i] for i in range(s.rows))
        return float(mpmath.fsum((a - b) ** 2 for a, b in zip(m, n, strict=True)) + trace - 2 * root)


@pytest.mark.parametrize("odd", ["plain", "rank-deficient", "a constant column", "a single column"])
def test_frechet_is_its_definition_with_40_digits(odd: str) -> None:
    x, y = two(odd)
    assert measures.frechet(x, y) == pytest.approx(naive_frechet(x, y), rel=1e-9)


@pytest.mark.parametrize("counts", [(10, 12), (40, 41), (80, 70)])  # N < D, about D, above
def test_frechet_with_any_number_of_images_against_matrix_roots(counts: tuple[int, int]) -> None:
    x, y = make(counts, 60).features, make((35, 45), 60, seed=3, shift=0.2).features
    s, t = np.cov(x.T), np.cov(y.T)
    values, vectors = np.linalg.eigh(s)
    half = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    root = np.sqrt(np.maximum(np.linalg.eigvalsh(half @ t @ half), 0)).sum()
    expected = ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(s) + np.trace(t) - 2 * root
    assert measures.frechet(x, y) == pytest.approx(expected, rel=1e-6)


def test_frechet_of_normal_distributions_that_share_axes() -> None:
    """Where the covariances commute it is |mean difference|² + Σ (σ − σ′)²."""
    random = np.random.default_rng(1)
    basis = np.linalg.qr(random.normal(size=(400, 6)))[0] * np.sqrt(399)  # exactly uncorrelated, variance 1
    basis -= basis.mean(axis=0)
    basis = basis @ np.linalg.inv(np.linalg.cholesky(np.cov(basis.T)).T)
    one, other = np.arange(1.0, 7.0), np.array([2.0, 2, 2, 5, 5, 5])
    value = measures.frechet(basis * one, basis * other + 0.5)
    assert value == pytest.approx(6 * 0.25 + ((one - other) ** 2).sum(), rel=1e-10)


def test_bures_is_pot_s() -> None:
    random = np.random.default_rng(0)
    x, y = random.normal(size=(30, 5)) * [1, 2, 3, 4, 5], random.normal(size=(40, 5)) + 1
    theirs = ot.gaussian.bures_wasserstein_distance(x.mean(0), y.mean(0), np.cov(x.T), np.cov(y.T))
    assert squared_wasserstein(fitted(x), fitted(y)) == pytest.approx(theirs**2, rel=1e-10)
    point = fitted(y[:1])
    expected = ((x.mean(0) - y[0]) ** 2).sum() + np.trace(np.cov(x.T))
    assert squared_wasserstein(fitted(x), point) == pytest.approx(expected, rel=1e-12)


def naive_mmd(x: np.ndarray, y: np.ndarray, kernel: Callable[[np.ndarray, np.ndarray], float]) -> float:
    within = [np.mean([kernel(a, b) for a, b in itertools.permutations(rows, 2)]) for rows in (x, y)]
    return float(sum(within) - 2 * np.mean([kernel(a, b) for a in x for b in y]))


@pytest.mark.parametrize("odd", TRICKY)
def test_kid_pair_by_pair(odd: str) -> None:
    x, y = two(odd)
    d = x.shape[1]
    expected = naive_mmd(x, y, lambda a, b: (a @ b / d + 1) ** 3)
    assert measures.kid(x, y) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("odd", TRICKY)
def test_mmd_pair_by_pair(odd: str) -> None:
    x, y = two(odd)
    both = np.vstack([x, y])
    width = np.median([np.linalg.norm(a - b) for a, b in itertools.combinations(both, 2)])
    expected = naive_mmd(x, y, lambda a, b: np.exp(-((a - b) ** 2).sum() / (2 * width**2)))
    assert measures.mmd(x, y) == pytest.approx(expected, rel=1e-9)


def test_mmd_where_most_images_are_the_same() -> None:
    x, y = np.ones((30, 2)), np.vstack([np.ones((20, 2)), np.full((10, 2), 3.0)])
    assert measures.mmd(x, y) > 0.05
    assert measures.mmd(x, x) == 0


def test_kid_and_mmd_are_zero_on_average_between_samples_of_one_source() -> None:
    """Biased forms would all be above zero; the mean of 300 draws is zero within its error."""
    random = np.random.default_rng(3)
    for measure in (measures.kid, measures.mmd):
        values = [measure(random.normal(size=(12, 4)), random.normal(size=(9, 4))) for _ in range(300)]
        assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(300)
        assert min(values) < 0


@pytest.mark.parametrize("odd", TRICKY)
def test_energy_pair_by_pair(odd: str) -> None:
    x, y = two(odd)

    def mean(left: np.ndarray, right: np.ndarray) -> float:
        return float(np.mean([np.linalg.norm(a - b) for a in left for b in right]))

    expected = 2 * mean(x, y) - mean(x, x) - mean(y, y)
    assert measures.energy(x, y) == pytest.approx(expected, rel=1e-9)
    if x.shape[1] == 1:
        assert measures.energy(x, y) == pytest.approx(scipy.stats.energy_distance(x[:, 0], y[:, 0]) ** 2)


@pytest.mark.parametrize(("n", "m"), [(6, 6), (6, 4), (7, 5), (30, 7)])
def test_sliced_wasserstein_against_pot_and_copies(n: int, m: int) -> None:
    random = np.random.default_rng(n * m)
    x, y = random.normal(size=(n, 3)), random.normal(size=(m, 3)) + 0.5
    found = measures.sliced_wasserstein(x, y, seed=4, directions=40)
    unit = np.random.default_rng(4).normal(size=(3, 40))
    unit /= np.linalg.norm(unit, axis=0)
    theirs = ot.wasserstein_1d(x @ unit, y @ unit, p=2)
    assert found == pytest.approx(np.sqrt(theirs.mean()), rel=1e-9)
    copies = np.repeat(np.sort(x @ unit, axis=0), m, axis=0) - np.repeat(np.sort(y @ unit, axis=0), n, axis=0)
    assert found == pytest.approx(np.sqrt((copies**2).mean()), rel=1e-12)


def test_sliced_wasserstein_in_one_dimension_and_of_a_shift() -> None:
    random = np.random.default_rng(2)
    x, y = random.normal(size=(50, 1)), random.normal(size=(50, 1)) * 2
    assert measures.sliced_wasserstein(x, y) == pytest.approx(
        np.sqrt(((np.sort(x, axis=0) - np.sort(y, axis=0)) ** 2).mean())
    )
    wide, shift = random.normal(size=(40, 200)), random.normal(size=200)
    found = measures.sliced_wasserstein(wide, wide + shift, directions=4000)
    assert found == pytest.approx(np.linalg.norm(shift) / np.sqrt(200), rel=0.05)
    assert measures.sliced_wasserstein(wide, wide + 1, seed=1) != measures.sliced_wasserstein(wide, wide + 1)


def naive_otdd_costs(x: np.ndarray, y: np.ndarray, of_x: np.ndarray, of_y: np.ndarray) -> np.ndarray:
    def between(a: np.ndarray, b: np.ndarray) -> float:
        s, t = np.cov(a.T), np.cov(b.T)
        root = np.trace(np.real(scipy.linalg.sqrtm(s @ t)))
        return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s) + np.trace(t) - 2 * root)

    return np.array(
        [
            [
                (((a - b) ** 2).sum() + between(x[of_x == c], y[of_y == d])) / 2
                for b, d in zip(y, of_y, strict=True)
            ]
            for a, c in zip(x, of_x, strict=True)
        ]
    )


@pytest.mark.parametrize("counts", [((8, 9), (8, 9)), ((8, 9), (7, 6, 5))])
def test_otdd_is_the_linear_program_over_naive_costs(counts: tuple[tuple[int, ...], ...]) -> None:
    one, other = make(counts[0], 4), make(counts[1], 4, seed=3, shift=0.3)
    costs = naive_otdd_costs(one.features, other.features, one.labels, other.labels)
    n, m = costs.shape
    rows = np.kron(np.eye(n), np.ones(m))
    columns = np.kron(np.ones(n), np.eye(m))
    solved = scipy.optimize.linprog(
        costs.ravel(),
        A_eq=np.vstack([rows, columns]),
        b_eq=np.concatenate([np.full(n, 1 / n), np.full(m, 1 / m)]),
        method="highs",
    )
    found = measures.otdd(one.features, one.labels, other.features, other.labels)
    assert found == pytest.approx(solved.fun, rel=1e-7)


def test_otdd_of_a_small_shift_and_of_other_scales() -> None:
    """Moved by v, every image and every class lies |v|² away: half of each is |v|²."""
    images = make((40, 40), 6, signal=3)
    x, y = images.features, images.labels
    shift = np.full(6, 0.1)
    value = measures.otdd(x, y, x + shift, y)
    assert value == pytest.approx((shift**2).sum(), rel=1e-9)
    assert measures.otdd(3 * x, y, 3 * (x + shift), y) == pytest.approx(9 * value, rel=1e-9)


def test_otdd_sees_labels() -> None:
    images = make((40, 40), 6, signal=2)
    random = np.random.default_rng(1).permutation(images.labels)
    assert measures.otdd(images.features, images.labels, images.features, random) > 0.1


def test_otdd_of_many_images_is_a_sinkhorn_divergence() -> None:
    one, other = make((12, 14), 4), make((12, 9, 7), 4, seed=3, shift=0.3)
    costs = naive_otdd_costs(one.features, other.features, one.labels, other.labels)
    blur = 0.05 * costs.mean()

    def primal(left: Any, right: Any) -> float:
        c = naive_otdd_costs(left.features, right.features, left.labels, right.labels)
        n, m = c.shape
        f, g = np.zeros(n), np.zeros(m)
        for _ in range(600):
            f = -blur * scipy.special.logsumexp((g - c) / blur, axis=1, b=1 / m)
            g = -blur * scipy.special.logsumexp((f[:, None] - c) / blur, axis=0, b=1 / n)
        plan = np.exp((f[:, None] + g - c) / blur) / (n * m)
        return float((plan * c).sum() + blur * (plan * np.log(plan * n * m + 1e-300)).sum())

    expected = primal(one, other) - (primal(one, one) + primal(other, other)) / 2
    arguments = (one.features, one.labels, other.features, other.labels)
    found = measures.otdd(*arguments, exact=0)
    assert found == pytest.approx(expected, rel=1e-4)
    assert found == pytest.approx(measures.otdd(*arguments), rel=0.15)
    itself = (one.features, one.labels, one.features, one.labels)
    assert measures.otdd(*itself, exact=0) <= 1e-6 * found


def test_otdd_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    monkeypatch.setattr(importlib.import_module("whence.measures.otdd"), "find_spec", lambda name: None)
    images = make((10, 10), 4)
    with pytest.raises(ValueError, match=r"pip install 'whence\[otdd\]'"):
        measures.otdd(images.features, images.labels, images.features, images.labels)


def test_datasets_of_different_widths_are_refused() -> None:
    for measure in (
        measures.frechet,
        measures.kid,
        measures.mmd,
        measures.energy,
        measures.sliced_wasserstein,
    ):
        with pytest.raises(ValueError, match="8 columns in one dataset and 9 in the other"):
            measure(np.ones((5, 8)), np.ones((5, 9)))


IMAGENET = {
    "origin": "natural",
    "channels": 3,
    "images": 1_431_167,
    "classes": 1000,
    "size": {"min": [256, 256], "max": [256, 256]},
}
KIMIA = {
    "origin": "medical",
    "channels": 3,
    "images": 960,
    "classes": [str(i) for i in range(20)],
    "size": {"min": [168, 308], "max": [168, 308]},
}


def test_card_adds_the_facts_of_table_one() -> None:
    side = np.log(256 / np.sqrt(168 * 308)) / np.log(np.sqrt(2916 * 2583) / 72)
    expected = (1 + 0 + 1 + np.log(50) / np.log(500) + side) / 5
    assert measures.card(IMAGENET, KIMIA) == pytest.approx(expected, rel=1e-12)
    unknown = {**KIMIA, "origin": None, "size": None}
    assert measures.card(IMAGENET, unknown) == pytest.approx((0 + 1 + np.log(50) / np.log(500)) / 3)
    assert measures.card({"images": 10}, {"images": 10**9}) == 1
    with pytest.raises(ValueError, match="no fact is stated by both"):
        measures.card({"images": 3}, {"channels": 3})
    with pytest.raises(ValueError, match="images of a card must be above 0"):
        measures.card({"images": 0}, {"images": 3})


def test_task2vec_distances_with_50_digits() -> None:
    random = np.random.default_rng(0)
    a, b = np.exp(random.normal(size=(2, 30)) * 4 - 16)  # entries around 1e-7, some below 1e-9
    a[3], b[4], a[5], b[5] = 0, 0, 0, 0
    with mpmath.workdps(50):
        h, k = ([mpmath.mpf(float(v)) for v in e] for e in (a, b))

        def away(u: list[Any], v: list[Any]) -> Any:
            dot = mpmath.fsum(x * y for x, y in zip(u, v, strict=True))
            return 1 - dot / mpmath.sqrt(mpmath.fsum(x * x for x in u) * mpmath.fsum(y * y for y in v))

        def normalised(u: list[Any], v: list[Any]) -> Any:
            total = [x + y for x, y in zip(u, v, strict=True)]
            return away(
                [x / t if t else mpmath.mpf(0) for x, t in zip(u, total, strict=True)],
                [y / t if t else mpmath.mpf(0) for y, t in zip(v, total, strict=True)],
            )

        plain, symmetric = float(away(h, k)), float(normalised(h, k))
        flat = [mpmath.fsum(h) / len(h)] * len(h)
        asymmetric = float(normalised(h, k) - mpmath.mpf("0.15") * normalised(h, flat))
    assert task2vec.cosine(a, b) == pytest.approx(plain, rel=1e-12)
    assert task2vec.normalized_cosine(a, b) == pytest.approx(symmetric, rel=1e-4)
    assert task2vec.asymmetric(a, b) == pytest.approx(asymmetric, rel=1e-4)
    assert task2vec.asymmetric(a, b) != task2vec.asymmetric(b, a)
    for distance in (task2vec.cosine, task2vec.normalized_cosine):
        assert distance(a, a) == 0
        assert distance(1e-6 * a, 1e-6 * b) == pytest.approx(distance(a, b), rel=1e-9)
    assert task2vec.cosine(a, 5 * a) == pytest.approx(0, abs=1e-15)
    assert task2vec.normalized_cosine([1, 0], [0, 1]) == 1


@pytest.mark.parametrize(
    ("h0", "h1", "told"),
    [
        ([1.0, 2.0], [1.0], "same network"),
        ([1.0, -2.0], [1.0, 1.0], "0 or more"),
        ([0.0, 0.0], [1.0, 1.0], "not all 0"),
        ([1.0, np.nan], [1.0, 1.0], "NaN or infinity"),
    ],
)
def test_embeddings_that_cannot_be_compared_are_refused(h0: list[float], h1: list[float], told: str) -> None:
    for distance in (task2vec.cosine, task2vec.normalized_cosine, task2vec.asymmetric):
        with pytest.raises(ValueError, match=told):
            distance(h0, h1)
