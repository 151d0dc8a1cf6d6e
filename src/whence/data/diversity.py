"""How different the images of a dataset look from one another, from the hashes that its survey keeps."""

from __future__ import annotations

import numpy as np

from whence.data.survey import Survey


def diversity(seen: Survey) -> float | None:
    """Mean share of bits in which the perceptual hashes of two of its images differ, in [0, 0.5]; None for one image.

    0 where all images look alike; 0.5 is what unrelated pictures have. From the share p of images in which a bit is
    set, the mean over all pairs is Σ 2 p (1 − p) · N / (N − 1) over the bits: no pair is looked at.
    """
    count = len(seen)
    if count < 2:
        return None
    bits = np.unpackbits(seen.perceptual_hash[:, 0], axis=1)
    share = bits.mean(axis=0)
    return float((2 * share * (1 - share)).mean() * count / (count - 1))
