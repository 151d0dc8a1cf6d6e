"""One distance between two datasets, and the noise that it has to be compared with."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whence.measures import Measure, MeasureWarning
from whence.recommend.seen import EMBEDDED, WHOLE, Seen, Settings
from whence.records import Value

Floats = NDArray[np.float64]

LEVEL = 0.9
PAPER_PAIRS = 5  # of embeddings, drawn at random


@dataclass(frozen=True)
class Distance:
    """A distance with what it has to be compared with.

    `value` is of all images (of the embeddings of samples where the measure takes those), with a 90 % interval; its
    seconds are the measure's own, without the probe's passes. `sampled` is the mean over samples of `images` each.
    `noise` is the distance between disjoint halves, of that size, of one of the two datasets, and `noise_high` the
    upper end of its 90 % interval; of the two, the one that reaches higher. All are None where the measure looks at no
    image.
    `below_noise` says that `sampled` is not above `noise_high`.
    """

    value: Value
    sampled: float | None = None
    noise: float | None = None
    noise_high: float | None = None
    images: int | None = None
    note: str = ""

    @property
    def below_noise(self) -> bool | None:
        """Whether the two datasets lie no farther apart than halves of one of them."""
        if self.sampled is None or self.noise_high is None:
            return None
        return self.sampled <= self.noise_high


@dataclass(frozen=True)
class Noise:
    """The distance between disjoint halves of one dataset: its mean over draws and the upper end of its interval."""

    measure: str
    dataset: str
    value: float
    high: float


def distance_between(
    measure: Measure, one: Seen, other: Seen, floors: dict[str, Noise], whole: bool
) -> Distance:
    """One measure between two datasets; `floors` are the noises known by dataset, `whole` as in `measure_distances`."""
    sampled = None
    low = high = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", MeasureWarning)
        started = time.perf_counter()
        if set(measure.needs) <= WHOLE:
            facts = [*one.give(measure), *other.give(measure)]
            started = time.perf_counter()
            value = measure(*facts)
            seconds = time.perf_counter() - started
        elif EMBEDDED in measure.needs:
            table = _embedded(measure, one, other)
            value, sampled = _over_embeddings(table, one.settings), float(table.mean())
            seconds = time.perf_counter() - started
            spread = float(np.sqrt(table.mean(axis=1).var(ddof=1) + table.mean(axis=0).var(ddof=1)))
            low, high = _interval(measure, value, spread, min(table.shape), one, other)
        else:
            draws = range(len(one.samples))
            found = [_between(measure, one, s, other, s) for s in draws]
            value, sampled = float(np.mean(found)), float(np.mean(found))
            seconds = (time.perf_counter() - started) / len(found)
            if whole:
                started = time.perf_counter()
                value = _between(measure, one, None, other, None)
                seconds = time.perf_counter() - started
            low, high = _interval(measure, value, float(np.std(found, ddof=1)), len(found), one, other)
    notes = [str(w.message) for w in caught if issubclass(w.category, MeasureWarning)]
    if EMBEDDED in measure.needs:
        notes += [*one.embeddings.notes, *other.embeddings.notes]
    floor = max(
        (floors[s.name] for s in (one, other) if s.name in floors), key=lambda f: f.high, default=None
    )
    return Distance(
        Value(measure.name, measure.kind, one.name, other.name, value, low, high, seconds),
        sampled,
        floor.value if floor else None,
        floor.high if floor else None,
        _sample_size(measure, one),
        "; ".join(dict.fromkeys(notes)),
    )


def _between(measure: Measure, one: Seen, sample: int | None, other: Seen, of_other: int | None) -> float:
    options = {"seed": one.settings.seed} if measure.takes("seed") else {}
    return measure(*one.give(measure, sample), *other.give(measure, of_other), **options)


def _embedded(measure: Measure, one: Seen, other: Seen) -> Floats:
    """The measure between each embedding of one and each of the other."""
    return np.array(
        [
            [_between(measure, one, i, other, j) for j in range(len(other.embeddings.values))]
            for i in range(len(one.embeddings.values))
        ]
    )


def _over_embeddings(table: Floats, settings: Settings) -> float:
    """The mean over all pairs, or in the paper's protocol over five random ones."""
    if settings.protocol != "paper":
        return float(table.mean())
    random = np.random.default_rng(settings.seed)
    rows, columns = (random.integers(side, size=PAPER_PAIRS) for side in table.shape)
    return float(table[rows, columns].mean())


def noise_of(measure: Measure, seen: Seen) -> Noise:
    """The distance between disjoint halves of one dataset.

    In the paper's protocol, whose subsets overlap little, between one subset and the next.
    """
    count = len(seen.embeddings.values) if EMBEDDED in measure.needs else len(seen.samples)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MeasureWarning)
        found = [_between(measure, seen, s, seen, s + 1) for s in range(0, count - 1, 2)]
    mean = float(np.mean(found))
    spread = float(np.std(found, ddof=1)) if len(found) > 1 else 0.0
    return Noise(measure.name, seen.name, mean, mean + _quantile(len(found)) * spread)


def _interval(
    measure: Measure, value: float, spread: float, draws: int, one: Seen, other: Seen
) -> tuple[float, float]:
    """From the spread over samples drawn without replacement, as large as it would be of the whole smaller dataset."""
    images = _sample_size(measure, one) or 1
    rest = min(len(one.dataset), len(other.dataset)) - images
    wide = spread * _quantile(draws) * float(np.sqrt(images / max(rest, 1)))
    low, high = measure.bounds
    return (
        value - wide if low is None else max(low, value - wide),
        value + wide if high is None else min(high, value + wide),
    )


def _quantile(draws: int) -> float:
    from scipy.stats import t

    return float(t.ppf((1 + LEVEL) / 2, max(draws - 1, 1)))


def _sample_size(measure: Measure, seen: Seen) -> int | None:
    if set(measure.needs) <= WHOLE:
        return None
    return len(seen.embeddings.rows[0]) if EMBEDDED in measure.needs else seen.images
