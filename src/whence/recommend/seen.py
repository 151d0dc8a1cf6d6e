"""A dataset as a probe sees it: each need of a distance, for all images or for a sample of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whence.data import Dataset
from whence.data.describe import properties
from whence.errors import InputError
from whence.features.extract import features as extract_features
from whence.features.subsets import Rows, halves, most_in_a_half, sides
from whence.features.task2vec import DRAWS, MOST, Embeddings, Labels, Probe, embed
from whence.measures import Measure
from whence.nets.backbone import check_image_size

WHOLE = {"cards", "raters"}  # needs that are of a dataset as a whole: no sample of it has another
EMBEDDED = "filter_means"  # the need that only samples have: a dataset has an embedding per subset
ALL_IMAGES = 2000  # of a dataset, drawn of it where it has more


@dataclass(frozen=True)
class Settings:
    """What all datasets are looked at with. `images` in each half of a sample; None for as many as the smallest has."""

    size: int = 64
    images: int | None = None
    protocol: str = "halves"
    labels: Labels = 1
    seed: int = 1
    device: str = "cpu"


@dataclass(frozen=True, eq=False)
class Seen:
    """One dataset: its images in samples of `images`, of which 2 r and 2 r + 1 are disjoint."""

    dataset: Dataset
    name: str
    probe: Probe | None
    settings: Settings
    cuts: Sequence[tuple[Rows, Rows]]
    images: int
    raters: Any = None  # what experts answered about it

    @cached_property
    def samples(self) -> list[Rows]:
        """The rows of each sample."""
        return halves(self.dataset, list(self.cuts), self.images, self.settings.seed)

    @cached_property
    def everything(self) -> Rows:
        """The rows of the whole dataset, or of 2,000 images of it."""
        count = len(self.dataset)
        if count <= ALL_IMAGES:
            return np.arange(count)
        random = np.random.default_rng([self.settings.seed, int(self.dataset.fingerprint[:8], 16)])
        return np.sort(random.choice(count, ALL_IMAGES, replace=False))

    @cached_property
    def embeddings(self) -> Embeddings:
        """The Task2Vec embeddings of the samples, or of the paper's subsets."""
        s = self.settings
        return embed(
            self.dataset, self.probe, protocol=s.protocol, images=self.images, labels=s.labels, size=s.size,
            seed=s.seed, device=s.device,
        )  # fmt: skip

    @property
    def supplies(self) -> dict[str, Callable[[int | None], Any]]:
        """What can be had: for each need, a function of the number of a sample, None for all images."""
        rated = {} if self.raters is None else {"raters": lambda sample: self.raters}
        return {
            **rated,
            "features": lambda sample: self._features[self._rows(sample)],
            "labels": lambda sample: self.dataset.labels[self._rows(sample)],
            EMBEDDED: lambda sample: self.embeddings.values[sample],
            "cards": lambda sample: self._card,
        }

    def give(self, measure: Measure, sample: int | None = None) -> list[Any]:
        """What a measure needs of this dataset, in its order."""
        supplies = self.supplies
        return [supplies[need](sample) for need in measure.needs]

    def _rows(self, sample: int | None) -> Rows:
        return self.everything if sample is None else self.samples[sample]

    @cached_property
    def _features(self) -> NDArray[np.float32]:
        s, probe = self.settings, self.probe
        assert probe is not None  # `distances.look` loads one where a measure needs it
        check_image_size(probe.backbone, s.size)
        return extract_features(
            self.dataset,
            probe.backbone,
            probe.weights,
            probe.identity,
            size=s.size,
            seed=s.seed,
            device=s.device,
        )

    @cached_property
    def _card(self) -> dict[str, Any]:
        return properties(self.dataset)


def look(
    datasets: Sequence[Dataset],
    names: Sequence[str],
    probe: Probe | None,
    settings: Settings,
    raters: Sequence[Any] = (),
) -> list[Seen]:
    """All datasets, in samples of one size: what `settings` says, or the smallest half, 500 at most.

    Raises `InputError` where a dataset cannot be halved, or half of it has fewer images than were asked for.
    """
    cuts = [sides(dataset, DRAWS, settings.seed) for dataset in datasets]
    halves_hold = [most_in_a_half(cut) for cut in cuts]
    images = settings.images or min(MOST, *halves_hold)
    if images > min(halves_hold):
        smallest = names[int(np.argmin(halves_hold))]
        raise InputError(
            f"samples of {images} images were asked for, and half of {smallest!r} has {min(halves_hold)}; ask for so "
            "many at most, or leave it to be found"
        )
    return [
        Seen(dataset, name, probe, settings, cut, images, rated)
        for dataset, name, cut, rated in zip(
            datasets, names, cuts, raters or [None] * len(datasets), strict=True
        )
    ]
