"""How far apart two datasets' features lie, each taken as one normal distribution."""

from __future__ import annotations

from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from whence.measures.contract import Measure
from whence.measures.gaussians import fitted, squared_wasserstein
from whence.measures.pairs import checked_pair
from whence.measures.prepared import Prepared


def frechet(a: ArrayLike | Prepared, b: ArrayLike | Prepared) -> float:
    """Fréchet distance |μ − μ′|² + tr(S + S′ − 2 (S S′)^½), 0 or more; lower is closer.

    `a` are (N, D) features, `b` (M, D); covariances are divided by N − 1. In units of the features squared. Fewer
    images give larger values: compare only values from equal numbers of images. Raises `ValueError` as all measures do.
    Source: Heusel et al., *GANs trained by a two time-scale update rule* (2017), equation 6.
    """
    x, y = checked_pair(a, b)
    with threadpool_limits(1, user_api="blas"):  # half of a decomposition gains nothing from a second thread
        return squared_wasserstein(fitted(x), fitted(y))


MEASURE = Measure(
    name="frechet",
    kind="distance",
    compute=frechet,
    higher_is_better=False,
    bounds=(0.0, None),
    needs=("features",),
    symmetric=True,
    zero_on_itself=True,
    cost="two covariances and the singular values of a min(N, D) square matrix: O(N D min(N, D))",
    citation="Heusel, Ramsauer, Unterthiner, Nessler, Hochreiter: GANs trained by a two time-scale update rule "
    "converge to a local Nash equilibrium. NeurIPS 2017",
    meaning="A network looks at both sets of images. How far apart are the average images as it sees them, and "
    "how differently do the images vary around the average? The labels are not looked at. On a network's "
    "features, which are not those of the network that image generators are judged with, the number is no FID "
    "of the literature.",
    trust="Between sets of the same number of images: it grows as there are fewer, so that halves of one dataset "
    "lie apart. Look at the noise floor beside it.",
    blind_to="the labels; any difference that leaves means and covariances as they are; what the network that gives "
    "the features does not see",
)
