"""How much farther apart images of two datasets lie than images of the same one."""

from __future__ import annotations

from numpy.typing import ArrayLike

from whence.measures.contract import Measure
from whence.measures.inputs import Floats
from whence.measures.pairs import centred_together, checked_pair, distances, mean_between, mean_within
from whence.measures.prepared import Prepared


def energy(a: ArrayLike | Prepared, b: ArrayLike | Prepared) -> float:
    """Energy distance 2 E|X − Y| − E|X − X′| − E|Y − Y′|, 0 or more; lower is closer.

    `a` are (N, D) features, `b` (M, D). Means are over all pairs, each image with itself included (the V-statistic),
    so it is 0 only where both hold the same images in the same shares, and fewer images give larger values. In the
    features' own unit. Raises `ValueError` as all measures do.
    Source: Székely, Rizzo, *Energy statistics: a class of statistics based on distances* (2013), equation 2.
    """
    x, y = centred_together(*checked_pair(a, b))
    return max(2 * mean_between(distances, x, y) - _spread(x) - _spread(y), 0.0)


def _spread(x: Floats) -> float:
    return mean_within(distances, x) * (len(x) - 1) / len(x)


MEASURE = Measure(
    name="energy",
    kind="distance",
    compute=energy,
    higher_is_better=False,
    bounds=(0.0, None),
    needs=("features",),
    symmetric=True,
    zero_on_itself=True,
    cost="a distance per pair of images: O((N + M)² D)",
    citation="Székely, Rizzo: Energy statistics: a class of statistics based on distances. Journal of Statistical "
    "Planning and Inference 2013",
    meaning="A network looks at both sets of images. How much farther is an image from those of the other set than "
    "from those of its own, on average? The labels are not looked at.",
    trust="Between sets of the same number of images: it grows a little as there are fewer. Nothing about it has "
    "to be tuned.",
    blind_to="the labels; small differences in shape where the sets lie far apart on average; what the network that "
    "gives the features does not see",
)
