"""How far one dataset's images and labels have to be moved to become the other's."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from whence.measures.contract import Measure
from whence.measures.gaussians import fitted, squared_wasserstein
from whence.measures.inputs import Floats, Indices, checked_labels
from whence.measures.pairs import checked_pair, squared_distances
from whence.measures.prepared import Prepared, prepare

DIMENSIONS = 64
EXACT = 2000  # images of either dataset, up to which the transport is exact
BLUR = 0.05  # of the mean cost: the regularisation beyond it


def otdd(
    features_a: ArrayLike | Prepared,
    labels_a: ArrayLike,
    features_b: ArrayLike | Prepared,
    labels_b: ArrayLike,
    *,
    exact: int = EXACT,
) -> float:
    """Optimal transport dataset distance, 0 or more; lower is closer.

    The least mean of |x − x′|² / 2 + W₂²(class of x, class of x′) / 2 over all ways to pair the images of one dataset
    with those of the other. Features are (N, D) and (M, D), labels (N,) and (M,). Features are first reduced to 64
    principal components of both together; each class is a normal distribution (covariance divided by N − 1; a class of
    a single image is a point). Up to `exact` images in either the pairing is exact; beyond, it is entropic
    and debiased (regularisation 0.05 of the mean cost). In units of the features squared. Raises `ValueError` as all
    measures do, and where POT is not installed.
    Source: Alvarez-Melis, Fusi, *Geometric dataset distances via optimal transport* (2020), equations 6 and 8.
    """
    x, y = checked_pair(features_a, features_b)
    classes_x = checked_labels(labels_a, len(x), at_least=1)
    classes_y = checked_labels(labels_b, len(y), at_least=1)
    together = prepare(np.vstack([x, y])).principal(DIMENSIONS)
    one, other = (together[: len(x)], classes_x), (together[len(x) :], classes_y)
    transport = _transport_library()
    with threadpool_limits(1, user_api="blas"):
        if max(len(x), len(y)) <= exact:
            return max(_exact(transport, _costs(*one, *other)), 0.0)
        return max(
            _debiased(transport, _costs(*one, *other), _costs(*one, *one), _costs(*other, *other)), 0.0
        )


def _costs(x: Floats, of_x: Indices, y: Floats, of_y: Indices) -> Floats:
    """What it costs to move each image of one dataset to each of the other, (N, M)."""
    left = [fitted(x[of_x == c]) for c in range(of_x.max() + 1)]
    right = left if y is x else [fitted(y[of_y == c]) for c in range(of_y.max() + 1)]
    between = np.array([[squared_wasserstein(a, b) for b in right] for a in left])
    costs: Floats = (squared_distances(x, y) + between[of_x[:, None], of_y]) / 2
    return costs


def _exact(transport: Any, costs: Floats) -> float:
    weights = [np.full(side, 1 / side) for side in costs.shape]
    return float(transport.emd2(*weights, costs, numItermax=10_000_000))


def _debiased(transport: Any, across: Floats, within_a: Floats, within_b: Floats) -> float:
    """The Sinkhorn divergence. Source: Feydy et al., *Interpolating between optimal transport and MMD* (2019)."""
    blur = BLUR * float(across.mean())
    if blur == 0:
        return 0.0
    value, *own = (_regularised(transport, costs, blur) for costs in (across, within_a, within_b))
    return value - sum(own) / 2


def _regularised(transport: Any, costs: Floats, blur: float) -> float:
    """The least of mean cost + blur · KL(pairing | independent pairing), from its dual."""
    n, m = costs.shape
    _, found = transport.bregman.sinkhorn_log(
        np.full(n, 1 / n), np.full(m, 1 / m), costs, blur, numItermax=2000, stopThr=1e-8, log=True, warn=False
    )
    return blur * float((found["log_u"] + np.log(n)).mean() + (found["log_v"] + np.log(m)).mean())


def _transport_library() -> Any:
    if find_spec("ot") is None:
        raise ValueError("otdd needs POT, which is not installed: pip install 'whence[otdd]'")
    import ot

    return ot


MEASURE = Measure(
    name="otdd",
    kind="distance",
    compute=otdd,
    higher_is_better=False,
    bounds=(0.0, None),
    needs=("features", "labels"),
    symmetric=True,
    zero_on_itself=True,
    least_per_class=1,
    cost="an optimal pairing of images, about O(N² log N) to O(N³), and C² distances of classes, O(C² 64³)",
    citation="Alvarez-Melis, Fusi: Geometric dataset distances via optimal transport. NeurIPS 2020",
    meaning="Images of the one set are paired with images of the other so that both the images and the classes "
    "that they belong to are as alike as can be. The number is how unlike the pairs still are. The names of the "
    "classes do not matter, only which images they hold.",
    trust="Between sets of the same number of images: it grows as there are fewer. With a few images per class the "
    "spread of a class is guessed badly, and adds to the distance.",
    blind_to="classes whose images are not about normally distributed; what the network that gives the features "
    "does not see, and what lies beyond its 64 main directions",
)
