"""Distances between Task2Vec embeddings: which filters of one network matter to each of two tasks?

An embedding holds one number per filter, the mean Fisher information of its weights (`whence.features.task2vec` makes
them). All functions take two, (F,) each, of the same network.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from whence.measures.contract import Measure
from whence.measures.inputs import Floats

ALPHA = 0.15
NEGLIGIBLE = 1e-12  # of the largest entry: a filter below it in both is dead


def cosine(h0: ArrayLike, h1: ArrayLike) -> float:
    """1 − cos(h0, h1), in [0, 1]; lower is closer. What van den Brandt et al. (2021) measured.

    Raises `ValueError` for embeddings of different lengths, negative or not finite entries, or zeros alone.
    """
    return _cosine_distance(*_checked(h0, h1))


def normalized_cosine(h0: ArrayLike, h1: ArrayLike) -> float:
    """1 − cos(h0 / (h0 + h1), h1 / (h0 + h1)), in [0, 1]; lower is closer. Errors as for `cosine`.

    Each filter counts alike, however large its entries. What is added to the sums against division by 0 is
    relative to the largest (embeddings go down to 5e-8, where a fixed 1e-8 would tell), so a common scale does
    not matter; a filter that is 0 in both has no part.
    Source: Achille et al., *Task2Vec: task embedding for meta-learning* (2019), section 3.2.
    """
    a, b = _checked(h0, h1)
    total = a + b
    total += NEGLIGIBLE * total.max()
    return _cosine_distance(a / total, b / total)


def trivial_embedding(h: ArrayLike) -> Floats:
    """The embedding of a task that no filter matters to more than another: flat, as large as `h` on average, (F,)."""
    (checked,) = _checked(h)
    return np.full(len(checked), checked.mean())


def asymmetric(h0: ArrayLike, h1: ArrayLike, *, alpha: float = ALPHA) -> float:
    """d(h0, h1) − α d(h0, trivial), d being `normalized_cosine`, in [−α, 1]; lower is a better source h0 for h1.

    A source task that uses its filters unevenly lies far from the trivial one and counts as nearer to every target.
    Errors as for `cosine`.
    Source: Achille et al. (2019), equation 4, with their α = 0.15. They leave the trivial embedding open; ours is
    `trivial_embedding`, at which scale has no part.
    """
    return normalized_cosine(h0, h1) - alpha * normalized_cosine(h0, trivial_embedding(h0))


def _checked(*given: ArrayLike) -> list[Floats]:
    embeddings = [np.asarray(h, dtype=np.float64) for h in given]
    for h in embeddings:
        if h.ndim != 1 or h.shape != embeddings[0].shape or not len(h):
            shapes = " and ".join(str(np.shape(g)) for g in given)
            raise ValueError(f"filter means have shapes {shapes}: (F,) each are needed, of the same network")
        if not np.isfinite(h).all():
            raise ValueError("filter means hold NaN or infinity")
        if h.min() < 0 or not h.any():
            raise ValueError("filter means must be 0 or more, and not all 0")
    return embeddings


def _cosine_distance(a: Floats, b: Floats) -> float:
    """From the difference of the unit vectors: 1 − cos alone would lose half of its digits near 0."""
    gap = a / np.linalg.norm(a) - b / np.linalg.norm(b)
    return min(float(gap @ gap) / 2, 1.0)


_COST = "O(F) once the embeddings are there; an embedding is one pass forward and back per image and label"
_CITATION = "Achille et al.: Task2Vec: task embedding for meta-learning. ICCV 2019"

MEASURE = Measure(
    name="task2vec",
    kind="distance",
    compute=cosine,
    higher_is_better=False,
    bounds=(0.0, 1.0),
    needs=("filter_means",),
    symmetric=True,
    zero_on_itself=True,
    cost=_COST,
    citation=f"{_CITATION}; used with the plain cosine by van den Brandt et al., Cats, not CAT scans, 2021",
    meaning="One and the same network is given both tasks. Which of its filters would have to change for its answers "
    "to change? 0: the same filters, in the same proportions. Unlike the other distances it looks at what has to be "
    "told apart, not only at what the images look like.",
    trust="When it lies above the noise floor beside it: with few images, two halves of one dataset can lie as far "
    "apart. A few filters with large entries decide it. In the paper its correlation with transferability was not "
    "significant.",
    blind_to="filters with small entries; what the network that is asked, ImageNet's as a rule, never learned to see",
)
