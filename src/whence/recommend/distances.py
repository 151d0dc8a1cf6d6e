"""Distances between datasets, each beside its noise floor: the distance between disjoint halves of one dataset.

A distance is only told from none where it lies above what the same measure gives between two halves of one dataset.
Many distances grow as there are fewer images, so both are measured on samples of the same size, over the same draws.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from whence.data import Dataset
from whence.errors import InputError
from whence.features.task2vec import Probe
from whence.measures import Measure, of_kind
from whence.recommend.one_distance import Distance, Noise, distance_between, noise_of
from whence.recommend.scoring import find_start
from whence.recommend.seen import EMBEDDED, WHOLE, Seen, Settings, look

Say = Callable[[str], None]


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
                        floors[dataset.name] = noise_of(measure, dataset)
                values.append(distance_between(measure, one, other, floors, whole))
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
