"""Scores of sources on one target: what each measure needs is gathered once, and every measure that applies is run."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from whence.data import Dataset, cut
from whence.errors import InputError
from whence.features.extract import layers as extract_layers
from whence.features.gradients import triplet_gradients
from whence.measures import Measure, MeasureWarning, Prepared, get, interval, of_kind, prepare
from whence.nets.backbone import check_backbone, check_image_size
from whence.nets.head import lacks_head
from whence.nets.layers import LOGITS, PENULTIMATE
from whence.nets.sources import source_kind
from whence.nets.weights import read_record
from whence.recommend.candidates import Start, judged_on, pretrained_on, ready
from whence.records import Value

Say = Callable[[str], None]
HEAD, GRADIENTS = "head", "gradients"  # where a value comes from that no layer's features gave


@dataclass(frozen=True)
class Scored:
    """A value, the layer (or `head`, `gradients`) it was taken at, its rank and what the measure warns of."""

    value: Value
    layer: str
    backbone: str
    note: str = ""
    rank: int = 0  # among all values of this measure, 1 being the best


@dataclass(frozen=True)
class Scores:
    """All values, and why a measure was left out of a source: (measure, source, reason)."""

    values: list[Scored]
    left_out: list[tuple[str, str, str]]


@dataclass(frozen=True)
class Settings:
    """What every source is scored with. `draws` 0 leaves out the intervals that need resampling."""

    layers: Sequence[str] = (PENULTIMATE,)
    size: int = 64
    folds: int = 5
    seed: int = 1
    device: str = "cpu"
    draws: int = 50


def score_sources(
    target: Dataset,
    sources: Sequence[str],
    backbone: str,
    *,
    measures: Sequence[str] = (),
    settings: Settings,
    say: Say,
) -> Scores:
    """Every measure asked for (all scores where none is) of every source on a target, ranked within each measure.

    A weights file that says of which backbone it is, is read as that one; `backbone` holds for all else. Measures over
    folds use the study's own. A measure that does not apply is left out with the reason. Raises `InputError`
    for a source that cannot be opened, an unknown measure or layer, and where no measure applies at all.
    """
    chosen = of_kind("score", measures, "it is a distance: whence distance A B takes it")
    found: list[Scored] = []
    left_out: list[tuple[str, str, str]] = []
    folds = _folds(target, settings) if any(measure.takes("folds") for measure in chosen) else None
    for name in dict.fromkeys(sources):
        start, net = find_start(name, backbone, target)
        say(f"reading {start.name} ({net}) on {target.name} ({len(target)} images of {settings.size} pixels)")
        evidence = Evidence(target, start, net, settings)
        for measure in chosen:
            reason = evidence.lacks(measure)
            for layer in [] if reason else evidence.layers_of(measure):
                try:
                    found.append(_value(measure, evidence, layer, folds))
                except ValueError as error:
                    reason = str(error)
            if reason:
                left_out.append((measure.name, start.name, reason))
    if not found:
        raise InputError(f"no measure applies: {'; '.join(f'{m} of {s}: {why}' for m, s, why in left_out)}")
    return Scores(_ranked(found), left_out)


def find_start(name: str, backbone: str, target: Dataset) -> tuple[Start, str]:
    """A source's weights and their backbone. A dataset must have been pretrained on; `InputError` says how."""
    if source_kind(name) == "dataset":
        _, start = pretrained_on(name, backbone, target)
        if start is None:
            raise InputError(
                f"there is no checkpoint of {backbone} pretrained on {name!r} here; make one: whence pretrain {name} "
                f"--backbone {backbone}"
            )
        return start, backbone
    net = _backbone_of(name, backbone)
    return ready(name, net), net


def _backbone_of(name: str, otherwise: str) -> str:
    """The backbone that a weights file names in its record, if timm knows it."""
    if not name.startswith("file:"):
        return otherwise
    said = read_record(Path(name.removeprefix("file:")).expanduser()).get("arch", otherwise)
    with suppress(InputError):
        check_backbone(said)
        return said
    return otherwise


@dataclass(frozen=True)
class Evidence:
    """What a source makes of a target: each need of a measure, got when it is first asked for."""

    target: Dataset
    start: Start
    backbone: str
    settings: Settings
    _ready: dict[str, Prepared] = field(default_factory=dict)

    def lacks(self, measure: Measure) -> str:
        """Why a measure does not apply, in one line; empty where it does."""
        if {"probabilities", "source_labels"} & set(measure.needs) and self._no_head:
            return f"it needs the source's own head, and {self._no_head}"
        known = {"features", "labels", "probabilities", "source_labels", "first_gradients", "block_gradients"}
        unknown = sorted(set(measure.needs) - known)
        return f"it needs {', '.join(unknown)}, which a source and a target do not give" if unknown else ""

    def layers_of(self, measure: Measure) -> Sequence[str]:
        """Where a measure is taken: at each layer asked for, or once."""
        if "features" in measure.needs:
            return self.settings.layers
        return [HEAD] if {"probabilities", "source_labels"} & set(measure.needs) else [GRADIENTS]

    def need(self, name: str, layer: str) -> Any:
        """What a measure that needs `name` is given."""
        if name == "labels":
            return self.target.labels
        if name == "features":
            if layer not in self._ready:
                self._ready[layer] = prepare(self._layers[layer])
            return self._ready[layer]
        if name in ("probabilities", "source_labels"):
            return self._probabilities if name == "probabilities" else self._probabilities.argmax(axis=1)
        return self._gradients[0 if name == "first_gradients" else 1]

    @cached_property
    def _no_head(self) -> str:
        return lacks_head(self.backbone, self.start.weights)

    @cached_property
    def _layers(self) -> dict[str, NDArray[np.float32]]:
        """All layers asked for, and the head's answer where there is a head: one pass over the images."""
        s = self.settings
        check_image_size(self.backbone, s.size)
        names = [*s.layers, *([] if self._no_head else [LOGITS])]
        return extract_layers(
            self.target, self.backbone, self.start.weights, self.start.identity, names,
            size=s.size, seed=s.seed, device=s.device,
        )  # fmt: skip

    @cached_property
    def _probabilities(self) -> NDArray[np.float64]:
        return np.asarray(softmax(self._layers[LOGITS].astype(np.float64), axis=1))

    @cached_property
    def _gradients(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        s = self.settings
        try:
            return triplet_gradients(
                self.target, self.backbone, self.start.weights, self.start.identity,
                size=s.size, seed=s.seed, device=s.device,
            )  # fmt: skip
        except InputError as error:
            raise ValueError(str(error)) from error


def _value(measure: Measure, evidence: Evidence, layer: str, folds: Any) -> Scored:
    """One value with its interval; the seconds are the measure's own, without the network's pass over the images."""
    settings = evidence.settings
    arrays = [evidence.need(name, layer) for name in measure.needs]
    options: dict[str, Any] = {"folds": folds} if measure.takes("folds") else {}
    value, low, high = 0.0, None, None
    started = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", MeasureWarning)
        if measure.per_fold is None:
            value = measure(*arrays, **options, **({"seed": settings.seed} if measure.takes("seed") else {}))
        else:
            value, low, high = interval(measure, *arrays, seed=settings.seed, **options)
    seconds = time.perf_counter() - started
    if measure.per_fold is None and settings.draws:
        _, low, high = interval(
            measure, *arrays, value=value, draws=settings.draws, seed=settings.seed, **options
        )
    note = "; ".join(str(w.message) for w in caught if issubclass(w.category, MeasureWarning))
    names = evidence.start.name, evidence.target.name
    return Scored(
        Value(measure.name, measure.kind, *names, value, low, high, seconds), layer, evidence.backbone, note
    )


def _folds(target: Dataset, settings: Settings) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """The study's own folds."""
    return judged_on(cut(target, folds=settings.folds, seed=settings.seed))


def _ranked(found: Sequence[Scored]) -> list[Scored]:
    """With their ranks, measure by measure and best first; equal values share the better rank."""
    ranked = []
    for name in dict.fromkeys(row.value.measure for row in found):
        sign = -1 if get(name).higher_is_better else 1
        rows = sorted((r for r in found if r.value.measure == name), key=lambda r: sign * r.value.value)
        values = [row.value.value for row in rows]
        ranked += [replace(row, rank=values.index(row.value.value) + 1) for row in rows]
    return ranked
