"""LEEP without a head: clusters of the features stand in for the source's classes."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike

from whence.measures.contract import Measure, MeasureWarning
from whence.measures.inputs import Floats, checked_labels
from whence.measures.leep import expected_prediction
from whence.measures.prepared import Prepared, content_order, prepare

COMPONENTS_PER_CLASS = 5
IMAGES_PER_COMPONENT = 5
SATURATED = -1e-6
REGULARISATION = 1e-6  # of the mean variance of the principal components


def nleep(
    features: ArrayLike | Prepared,
    labels: ArrayLike,
    *,
    seed: int = 0,
    restarts: int = 3,
    energy: float = 0.8,
) -> float:
    """LEEP with the posteriors of a Gaussian mixture as probabilities, in (−∞, 0]; higher is better.

    The mixture has full covariances and 5 C components (at most N / 5) on the principal components that hold `energy`
    of the variance; the value is the mean over `restarts` fits, drawn from `seed` and `restarts` alone. `features` are
    (N, D) or prepared, `labels` (N,). Warns where a component has fewer images than its covariance needs, or where the
    value is 0. Raises `ValueError` for a share outside (0, 1], no restart, and as all measures do.
    Source: Li, Jia, Sang, Zhu, Green, Wang, Gong, *Ranking neural checkpoints* (2021), section 4.2.
    """
    ready = prepare(features)
    y = checked_labels(labels, len(ready))
    if not 0 < energy <= 1 or restarts < 1:
        raise ValueError(f"energy {energy} must lie in (0, 1] and restarts {restarts} must be 1 or more")
    scores = ready.principal_with(energy)
    if not scores.shape[1]:  # all images are alike
        return expected_prediction(np.ones((len(y), 1)), y)
    wanted = COMPONENTS_PER_CLASS * (int(y.max()) + 1)
    components = max(2, min(wanted, len(y) // IMAGES_PER_COMPONENT))
    order = content_order(ready.features, y)
    points = scores[order] / np.sqrt((scores**2).mean())
    seeds = np.random.SeedSequence(seed).generate_state(restarts)
    fits = [expected_prediction(_posteriors(points, components, s), y[order]) for s in seeds]
    value = float(np.mean(fits))
    if len(y) < components * (scores.shape[1] + 1) or value > SATURATED:
        warnings.warn(
            f"N-LEEP: {value:.4f} with {len(y)} images in {components} clusters of {scores.shape[1]} dimensions: too "
            "few images, or no cluster holds two classes, and the value is too good; use a cross-validated measure",
            MeasureWarning,
            stacklevel=2,
        )
    return value


def _posteriors(points: Floats, components: int, seed: int) -> Floats:
    """How likely each component is to have made each image, (N, components)."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    model = GaussianMixture(components, reg_covar=REGULARISATION, random_state=int(seed))
    # one thread: k-means on several is not repeatable, and so many small products gain little from them
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        return np.asarray(model.fit(points).predict_proba(points))


MEASURE = Measure(
    name="nleep",
    kind="score",
    compute=nleep,
    higher_is_better=True,
    bounds=(None, 0.0),
    needs=("features", "labels"),
    cost="principal components, then expectation–maximisation: O(N C D'²) an iteration, three times",
    citation="Li, Jia, Sang, Zhu, Green, Wang, Gong: Ranking neural checkpoints. CVPR 2021",
    meaning="The images are sorted into clusters by what the network sees, without looking at the diagnoses. "
    "How well does the cluster predict the diagnosis? Zero is perfect; minus the entropy of the diagnoses "
    "means not at all.",
    trust="With a few hundred images per class; with few, of which it warns, clusters hold single images and "
    "any network looks good. It depends on the draw a little; it is the mean of three.",
    blind_to="what fine-tuning changes; classes that differ in directions of little variance",
)
