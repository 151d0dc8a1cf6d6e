"""Targets as measures see them: plain ones, and odd ones on which published implementations go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

BATCHES = 6


@dataclass(frozen=True)
class Images:
    """A target as the measures see it. `signal` says how well the network tells its classes apart, `shift` how far
    its features lie from those of others.
    """

    features: np.ndarray
    labels: np.ndarray
    signal: float = 1.0
    shift: float = 0.0

    def probabilities(self) -> np.ndarray:
        """Softmax of a fixed projection, as a source's head would give."""
        logits = self.features @ _random(5, self.features.shape[1], 7) / np.sqrt(self.features.shape[1])
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))

    def need(self, name: str) -> Any:
        """What a measure that needs `name` is given."""
        given: dict[str, Callable[[], Any]] = {
            "features": lambda: self.features,
            "labels": lambda: self.labels,
            "probabilities": self.probabilities,
            "source_labels": lambda: self.probabilities().argmax(axis=1),
            "first_gradients": lambda: np.abs(_random(1, BATCHES, 3)) + 1,
            "block_gradients": lambda: (np.abs(_random(2, BATCHES, 3)) + 1) * (0.1 + self.signal),
            "cards": self.card,
            "filter_means": lambda: (self.features**2).mean(axis=0) + 1e-6,
            "raters": lambda: np.floor(self.features.mean() * np.arange(1, 7) / 4 + 1e-9).astype(np.int64),
        }
        return given[name]()

    def card(self) -> dict[str, Any]:
        """Facts: images that lie apart are of another size as well."""
        side = round(64 * (1 + self.shift))
        classes = [str(c) for c in np.unique(self.labels)]
        return {
            "origin": "medical",
            "channels": 3,
            "images": len(self.labels),
            "classes": classes,
            "size": {"min": [64, 64], "max": [side, side]},
        }

    def permuted(self) -> Images:
        """The same images in another order."""
        order = np.random.default_rng(9).permutation(len(self.labels))
        return replace(self, features=self.features[order], labels=self.labels[order])


def _random(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def make(counts: tuple[int, ...], d: int, signal: float = 1.0, seed: int = 0, shift: float = 0.0) -> Images:
    """Non-negative features whose class means lie `signal` standard deviations apart, in the first columns."""
    y = np.repeat(np.arange(len(counts)), counts)
    order = np.random.default_rng(seed + 1).permutation(len(y))
    x = _random(seed, len(y), d) * np.geomspace(2, 0.5, d) + shift
    for c in range(len(counts)):
        x[y == c, c % d :: len(counts)] += 2 * signal
    return Images(np.maximum(x + 1, 0)[order], y[order], signal, shift)


def odd_inputs() -> Iterator[tuple[str, Images]]:
    plain = make((30, 30, 30), 8)
    x, y = plain.features, plain.labels
    yield "plain", plain
    yield "two classes", make((30, 30), 8)
    yield "imbalance 100:20", make((100, 20), 8)
    yield "fewer images than features", make((10, 12, 11), 60)
    yield "as many images as features", make((12, 12), 24)
    yield "rank-deficient", replace(plain, features=x[:, :3] @ np.abs(_random(4, 3, 10)))
    yield "a constant column", replace(plain, features=np.column_stack([x, np.full(len(x), 3.7)]))
    yield "all columns constant", replace(plain, features=np.full_like(x, 0.3))
    yield "a single column", replace(plain, features=x[:, :1])
    yield "every image twice", Images(np.vstack([x, x]), np.concatenate([y, y]))
    yield "float32", replace(plain, features=x.astype(np.float32))
    yield "labels with gaps", replace(plain, labels=np.array([3, 17, 40])[y])
    yield "large values", replace(plain, features=x * 1e6)
    yield "small values", replace(plain, features=x * 1e-6)
    yield "a class with one image", replace(plain, labels=np.where(np.arange(len(y)) == 7, 3, y))
    yield "far from zero", replace(plain, features=x + 1e4)


ODD = dict(odd_inputs())
