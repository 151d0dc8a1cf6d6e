"""Whether a training had settled when it stopped."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

LEARNED = 0.05  # of the first epoch's loss: less than this fall is no learning
SETTLED = 0.15  # of the whole fall: more than this in the last quarter is still falling


def has_converged(losses: ArrayLike) -> bool:
    """Decide from the mean training loss of each epoch (E,) whether training learned something and settled.

    It learned if the last quarter's mean lies at least 5 % below the first epoch's loss, and settled if the
    fall from the third quarter's mean to the last quarter's is at most 15 % of the whole fall. Fewer than
    four epochs, or a loss that is not finite, cannot show either: False.
    """
    loss = np.asarray(losses, dtype=np.float64)
    if len(loss) < 4 or not np.isfinite(loss).all():
        return False
    quarter = len(loss) // 4
    last, before = loss[-quarter:].mean(), loss[-2 * quarter : -quarter].mean()
    fall = loss[0] - last
    return bool(fall >= LEARNED * loss[0] and before - last <= SETTLED * fall)
