"""What every measure says about itself, so that one gatherer can feed it and one table can show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

KINDS = ("score", "distance")
NEEDS = ("features", "labels", "folds", "probabilities", "pixels", "gradients", "cards", "raters")


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure and its metadata. `compute` is the pure function; it takes the `needs`, in their order.

    `kind` is "score" (checkpoint × target, higher is better unless `higher_is_better` is False) or
    "distance" (dataset × dataset, lower is closer). `bounds` hold for every input, None meaning unbounded.
    `cost` is in words or big-O; `blind_to` says what the measure cannot see.
    """

    name: str
    kind: str
    compute: Callable[..., float]
    higher_is_better: bool
    bounds: tuple[float | None, float | None]
    needs: tuple[str, ...]
    symmetric: bool = False
    cost: str = ""
    citation: str = ""
    blind_to: str = ""

    def __post_init__(self) -> None:
        """Refuse metadata that the gatherer could not act on."""
        if self.kind not in KINDS:
            raise ValueError(f"measure {self.name!r} has kind {self.kind!r}; accepted: {', '.join(KINDS)}")
        unknown = [need for need in self.needs if need not in NEEDS]
        if unknown:
            raise ValueError(f"measure {self.name!r} needs {unknown[0]!r}; accepted: {', '.join(NEEDS)}")

    def __call__(self, *arguments: Any, **options: Any) -> float:
        """Compute the measure."""
        return self.compute(*arguments, **options)
