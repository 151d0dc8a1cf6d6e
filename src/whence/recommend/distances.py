"""Distances between datasets, each beside its noise floor: the distance between disjoint halves of one dataset.

A distance is only told from none where it lies above what the same measure gives between two halves of one dataset.
Many distances grow as there are fewer images, so both are measured on samples of the same size, over the same draws.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whence.data import Dataset
from whence.errors import InputError
from whence.features.task2vec import Probe
from whence.measures import Measure, MeasureWarning, of_kind
from whence.recommend.scoring import find_start
from whence.recommend.seen import EMBEDDED, WHOLE, Seen, Settings, look
from whence.records import Value

Say = Callable[[str], None]
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


@dataclass(frozen=True)
class Distances:
    """All distances, each dataset's noise, and why a measure was left out: (measure, source, target, reason)."""

    values: list[Distance]
    noise: list[Noise]
    left_out: list[tuple[str, str, str, str]]
    images: int


def measure_distances(
    datasets: Sequence[Dataset],
    *,
    measures: Sequence[str] = (),
    probe: str = "imagenet",
    backbone: str = "resnet50",
    whole: bool = True,
    raters: Sequence[Any] = (),
    settings: Settings,
    say: Say,
) -> Distances:
    """Every distance asked for (all where none is) between any two datasets, in both directions where they differ.

    `raters` are the experts' answers about each dataset, as the measure `expert` takes them. `whole`
    also measures all images of both; without it the value is the mean over samples, of the same size for all
    pairs. `probe` names the network as a source is named; a weights file that says of which backbone it is, is read
    as that one. Raises `InputError` for fewer than two datasets, two of one name, an unknown measure or probe, and
    where no measure applies at all.
    """
    chosen = of_kind("distance", measures, "it is a score: whence score SOURCE TARGET takes it")
    names = [dataset.name for dataset in datasets]
    if len(datasets) < 2:
        raise InputError(f"a distance takes two datasets or more; {len(datasets)} given")
    if len(datasets) > 2 and len(set(names)) < len(names):
        raise InputError(f"two of {', '.join(names)} have the same name; rename one folder")
    loaded = None
    if any({"features", EMBEDDED} & set(measure.needs) for measure in chosen):
        start, net = find_start(probe, backbone, datasets[0])
        loaded = Probe(net, start.weights, start.identity)
        say(f"the probe is {start.name} ({net}), on images of {settings.size} pixels")
    seen = look(datasets, names, loaded, settings, raters)
    values: list[Distance] = []
    noise: list[Noise] = []
    left_out: list[tuple[str, str, str, str]] = []
    if any(EMBEDDED in measure.needs for measure in chosen):
        _embed_all(seen, say)
    for measure in chosen:
        say(f"measuring {measure.name} on samples of {seen[0].images} images")
        floors: dict[str, Noise] = {}
        for one, other in _pairs(seen, measure):
            try:
                lacking = [need for need in measure.needs if need not in one.supplies]
                if lacking:
                    raise ValueError(f"it needs {', '.join(lacking)}, which images and labels do not give")
                for dataset in (one, other):
                    if dataset.name not in floors and not set(measure.needs) <= WHOLE:
                        floors[dataset.name] = _noise(measure, dataset)
                values.append(_distance(measure, one, other, floors, whole))
            except (ValueError, InputError) as error:
                left_out.append((measure.name, one.name, other.name, str(error)))
        noise += floors.values()
    if not values:
        told = dict.fromkeys(f"{m}: {why}" for m, _, _, why in left_out)
        raise InputError(f"no measure applies: {'; '.join(told)}")
    return Distances(values, noise, left_out, seen[0].images)


def _embed_all(seen: Sequence[Seen], say: Say) -> None:
    """What takes longest, one dataset after another; what cannot be embedded is told where a measure needs it."""
    for eye in seen:
        started = time.perf_counter()
        with suppress(InputError):
            subsets = len(eye.embeddings.values)
            say(f"{eye.name}: {subsets} embeddings in {time.perf_counter() - started:.1f} s")


def _pairs(seen: Sequence[Seen], measure: Measure) -> list[tuple[Seen, Seen]]:
    """Two datasets as they are given; of more, each pair, and both directions where it is not the same."""
    forward = [(one, other) for i, one in enumerate(seen) for other in seen[i + 1 :]]
    back = [] if measure.symmetric or len(seen) == 2 else [(other, one) for one, other in forward]
    return forward + back


def _distance(measure: Measure, one: Seen, other: Seen, floors: dict[str, Noise], whole: bool) -> Distance:
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


def _noise(measure: Measure, seen: Seen) -> Noise:
    """Between disjoint halves; in the paper's protocol, whose subsets overlap little, between one and the next."""
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
