"""Which images of a dataset are shown to people: a few at random, the same ones for the same seed."""

from __future__ import annotations

import numpy as np

from whence.data.dataset import Dataset


def drawn(dataset: Dataset, count: int, seed: int) -> list[int]:
    """The numbers of `count` images drawn at random (all where there are fewer), in order, the same for one seed.

    Every image is as likely as any other: the paper's "nine random images", not as many of each class.
    """
    random = np.random.default_rng([seed, int(dataset.fingerprint[:16], 16)])
    return sorted(int(i) for i in random.choice(len(dataset), min(count, len(dataset)), replace=False))
