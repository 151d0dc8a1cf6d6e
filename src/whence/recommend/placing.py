"""From belief to an order: what was tried keeps its lead over what experience had put behind it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray


def placed(
    expected: Sequence[float] | NDArray[np.float64], before: Sequence[int], tried: Collection[int]
) -> list[int]:
    """Positions of the sources, best first.

    By falling `expected`, except that a source not tried stands before a tried one only where it stood before it
    already when nothing had been tried (`before`: positions, best first). So a race hands over the best of what it
    has tried, and a baseline that was measured for its own sake does not lead what it was never ahead of.
    """
    earlier = {source: place for place, source in enumerate(before)}
    left, order = list(before), list[int]()
    while left:
        open_ = [
            source
            for source in left
            if source in tried or not any(o in tried and earlier[o] < earlier[source] for o in left)
        ]
        best = max(open_, key=lambda source: (expected[source], -earlier[source]))
        order.append(best)
        left.remove(best)
    return order
