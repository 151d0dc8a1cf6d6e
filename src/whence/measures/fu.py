"""How much the inner layers would have to change compared with the first: the gradient part of Juodelyte et al."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike

from whence.measures.contract import Measure, MeasureWarning
from whence.measures.inputs import Floats


def fu(first_gradients: ArrayLike, block_gradients: ArrayLike) -> float:
    """Mean gradient norm in the first block's first convolution over that in the first convolution, in [0, ∞); higher
    is better.

    Both are (B,) norms or (B, …) gradients themselves, for the same B batches, of the triplet-margin loss of the
    penultimate features with the target's labels, the network in eval mode (`whence.features.gradients` computes them).
    The published measure adds this to `nca_knn` in-sample. Raises `ValueError` for differing numbers of batches, NaN,
    negative norms, or first gradients that are all zero. Warns where all of the block's are: a residual network that
    was never trained often starts its branches at zero.
    Source: Juodelyte, Ferrante, Lu, Singh, Vanschoren, Cheplygina, *On dataset transferability in medical image
    classification* (2024).
    """
    first = _norms(first_gradients, "first_gradients")
    block = _norms(block_gradients, "block_gradients")
    if len(first) != len(block):
        raise ValueError(f"first_gradients are of {len(first)} batches, block_gradients of {len(block)}")
    if not first.any():
        raise ValueError("first_gradients are all zero, so there is no ratio; no triplet violated the margin")
    if not block.any():
        warnings.warn(
            "fu: no gradient reaches the first block, as in an untrained residual network whose branches start at "
            "zero; the 0 says nothing about the target",
            MeasureWarning,
            stacklevel=2,
        )
    return float(block.mean() / first.mean())


def _norms(given: ArrayLike, name: str) -> Floats:
    values = np.asarray(given, dtype=np.float64)
    if values.ndim < 1 or not values.size:
        raise ValueError(f"{name} have shape {values.shape}: (B,) norms or (B, …) gradients are needed")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} hold NaN or infinity")
    if values.ndim > 1:
        return np.asarray(np.linalg.norm(values.reshape(len(values), -1), axis=1))
    if values.min() < 0:
        raise ValueError(f"{name} hold a negative norm")
    return values


MEASURE = Measure(
    name="fu",
    kind="score",
    compute=fu,
    higher_is_better=True,
    bounds=(0.0, None),
    needs=("first_gradients", "block_gradients"),
    cost="a forward and a backward pass of six batches",
    citation="Juodelyte, Ferrante, Lu, Singh, Vanschoren, Cheplygina: On dataset transferability in medical "
    "image classification. arXiv:2412.20172",
    meaning="If the network were taught to keep images of one diagnosis together, would it have to change its "
    "inner layers more than its very first one? Where the first layer, which sees edges and colours, can stay "
    "as it is, the source suits the target.",
    trust="Between sources of one backbone only: the two layers' sizes set the level. Six batches vary; look "
    "at the interval.",
    blind_to="how well the classes are told apart: add `nca_knn` for that",
)
