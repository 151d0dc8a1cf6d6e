"""What every measure says about itself, so that one gatherer can feed it and one table can show it.

A measure is a pure function: plain arrays in, a `float` out, the same for the same input. It computes in float64
whatever it is given, leaves its input as it was, refuses what it cannot judge with a `ValueError`
(`measures.inputs` holds the checks that all share), and says with a `MeasureWarning` when its number means little.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

KINDS = ("score", "distance")
NEEDS = {
    "features": "(N, D) numbers, a row per image: what a frozen network makes of the target",
    "labels": "(N,) the class of each image: numbers or names, any that sort",
    "probabilities": "(N, S) how likely the source's own head holds each of its S classes, rows summing to 1",
    "source_labels": "(N,) the source class that its own head picks for each image",
    "first_gradients": "(B,) or (B, …) a loss's gradient in the first convolution for each of B batches",
    "block_gradients": "(B,) or (B, …) the same in the first convolution of the first block",
    "filter_means": "(F,) numbers ≥ 0: the mean Fisher information of each filter (Task2Vec)",
    "cards": "facts about a dataset, as `whence datasets show --json` prints: origin, channels, images, classes, size",
    "raters": "what experts answered about a dataset",
    "pixels": "(N, H, W, 3) the images themselves, uint8",
}


class MeasureWarning(UserWarning):
    """A measure gives a number that means little here: too few images, or no room left above it."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure and its metadata. `compute` is the pure function.

    A "score" (checkpoint × target, higher is better unless `higher_is_better` is False) takes the `needs`, in their
    order. A "distance" (dataset × dataset, lower is closer) takes the `needs` of the one, then those of the other.
    `bounds` hold for every input, None meaning unbounded. `symmetric`: d(A, B) = d(B, A); `zero_on_itself`:
    d(A, A) = 0. `cost` is in words or big-O; `meaning` a paragraph for a doctor, `trust` when to believe it,
    `blind_to` what it cannot see. `per_fold` is there where the value is a mean over folds: the same arguments
    as `compute`, one value per fold. `least_per_class`
    is how many images of each class it needs where it needs labels.
    """

    name: str
    kind: str
    compute: Callable[..., float]
    higher_is_better: bool
    bounds: tuple[float | None, float | None]
    needs: tuple[str, ...]
    symmetric: bool = False
    zero_on_itself: bool = False
    cost: str = ""
    citation: str = ""
    meaning: str = ""
    trust: str = ""
    blind_to: str = ""
    per_fold: Callable[..., Any] | None = None
    least_per_class: int = 2

    def __post_init__(self) -> None:
        """Refuse metadata that the gatherer could not act on."""
        if self.kind not in KINDS:
            raise ValueError(f"measure {self.name!r} has kind {self.kind!r}; accepted: {', '.join(KINDS)}")
        unknown = [need for need in self.needs if need not in NEEDS]
        if unknown:
            raise ValueError(f"measure {self.name!r} needs {unknown[0]!r}; accepted: {', '.join(NEEDS)}")
        low, high = self.bounds
        if low is not None and high is not None and not low < high:
            raise ValueError(
                f"measure {self.name!r} has bounds {self.bounds}; accepted: (low, high), low < high"
            )

    def __call__(self, *arguments: Any, **options: Any) -> float:
        """Compute the measure."""
        return self.compute(*arguments, **options)

    def takes(self, option: str) -> bool:
        """Whether `compute` has an option of this name (`folds`, `seed`, …)."""
        return option in inspect.signature(self.compute).parameters
