"""Task2Vec: which filters of one frozen network, the probe, matter to the task that a dataset sets.

`embed(dataset, probe)` gives an embedding per subset of the dataset; `whence.measures.task2vec` holds the distances.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from whence.data import Dataset, load_pixels
from whence.data.kept import write_array
from whence.errors import InputError
from whence.features.extract import features as extract_features
from whence.features.extract import load_network
from whence.features.fisher import FilterMeans
from whence.features.kept import kept_path, read_kept
from whence.features.subsets import Rows, halves, most_in_a_half, sides, weighted
from whence.features.task_head import exact_directions, fit_head, sampled_directions
from whence.nets.backbone import check_image_size
from whence.nets.sources import find_source

VERSION = 1
DRAWS = 5  # cuts into halves: ten subsets
MOST = 500  # images of a subset
PLACES = 32 * 64 * 64  # pixels of a batch, whose activations stay near the processor
PER_CLASS = 2

Labels = int | Literal["exact"]


@dataclass(frozen=True)
class Probe:
    """The network that all datasets are given: a timm backbone and its weights.

    `weights` is a file, or None for random ones; `identity` stands for its bytes in the cache's key.
    """

    backbone: str
    weights: Path | None
    identity: str = ""


@dataclass(frozen=True, eq=False)
class Embeddings:
    """An embedding per subset, `values` (S, F), and the rows of the dataset that each was made of.

    Subsets 2 r and 2 r + 1 of the protocol "halves" are disjoint. `notes` say what makes them weak.
    """

    values: NDArray[np.float64]
    rows: tuple[Rows, ...]
    notes: tuple[str, ...] = ()


def imagenet_probe(backbone: str = "resnet50") -> Probe:
    """ImageNet's weights of a backbone. Raises `InputError` where they are not at hand and cannot be fetched."""
    source = find_source("imagenet", backbone)
    return Probe(backbone, source.path, source.identity)


def embed(
    dataset: Dataset,
    probe: Probe | None = None,
    *,
    protocol: str = "halves",
    images: int | None = None,
    labels: Labels = 1,
    size: int = 64,
    seed: int = 1,
    device: str = "cpu",
) -> Embeddings:
    """The Task2Vec embeddings of a dataset's subsets under one probe (ImageNet's ResNet-50 if none is given).

    An embedding holds, for each filter of the probe's convolutions and batch normalisations, the mean over its
    weights of the diagonal Fisher information E_x E_y (∂ log p(y|x) / ∂w)²: 53,120 numbers ≥ 0 for ResNet-50, 9,600
    for ResNet-18. Squares are taken per image, never of a batch's mean, the probe is in eval mode, and y follows the
    answer of a head that was fitted to the subset on the probe's features. `labels` is how many y are drawn per image,
    or "exact" for the sum over all classes, at the cost of a pass back per class but one.

    `protocol="halves"`: five random cuts into two disjoint halves, and of each half a stratified subset of
    `images`, by default min(half the dataset, 500): ten subsets. `protocol="paper"`: 100 subsets of 1 %, drawn with
    equal weight per class, the subset's number as seed; it notes where that leaves fewer than two images per class.
    Results are kept. Raises `InputError` for an unknown protocol, too few images, and probes without convolutions.
    Source: Achille et al., *Task2Vec: task embedding for meta-learning* (2019), sections 2 and 3; van den Brandt et al.
    (2021), section IV B.
    """
    probe = probe or imagenet_probe()
    if labels != "exact" and (isinstance(labels, bool) or not isinstance(labels, int) or labels < 1):
        raise InputError(f"labels is {labels!r}; accepted is 'exact', or how many labels to draw per image")
    check_image_size(probe.backbone, size)
    rows = _subsets(dataset, protocol, images, seed)
    told = tuple(r for r in rows if len(np.unique(dataset.labels[r])) > 1)
    notes = _notes(dataset, rows, len(rows) - len(told))
    if len(told) < 2:
        raise InputError(
            f"{len(told)} of the {len(rows)} subsets of {dataset.name!r} hold two classes or more, and two such are "
            f"needed (they have {len(rows[0])} images each); add images, or take the protocol 'halves'"
        )
    path = kept_path(
        task2vec=VERSION,
        dataset=dataset.fingerprint,
        backbone=probe.backbone,
        weights=probe.identity or f"random {seed}",
        subsets=hashlib.sha256(b"".join(r.tobytes() + b"|" for r in told)).hexdigest(),
        labels=labels,
        size=size,
        seed=seed,
        device=device,
    )
    values = read_kept(path, len(told))
    if values is None:
        values = embed_rows(dataset, probe, told, labels, size, seed, device).astype(np.float32)
        write_array(path, values)
    return Embeddings(values.astype(np.float64), told, notes)


def _subsets(dataset: Dataset, protocol: str, images: int | None, seed: int) -> list[Rows]:
    if protocol == "paper":
        return weighted(dataset)
    if protocol != "halves":
        raise InputError(f"protocol is {protocol!r}; accepted are 'halves' and 'paper'")
    cuts = sides(dataset, DRAWS, seed)
    return halves(dataset, cuts, min(most_in_a_half(cuts), MOST) if images is None else images, seed)


def _notes(dataset: Dataset, rows: list[Rows], single: int) -> tuple[str, ...]:
    """What makes embeddings weak."""
    notes = []
    classes = len(np.unique(dataset.labels))
    if len(rows[0]) < PER_CLASS * classes:
        notes.append(
            f"the subsets of {dataset.name} have {len(rows[0])} images for {classes} classes, fewer than "
            f"{PER_CLASS} of each: their embeddings are mostly noise"
        )
    if single:
        notes.append(f"{single} subsets of {dataset.name} hold a single class and are left out")
    return tuple(notes)


def embed_rows(
    dataset: Dataset, probe: Probe, rows: tuple[Rows, ...], labels: Labels, size: int, seed: int, device: str
) -> NDArray[np.float64]:
    """The embeddings (S, F) of subsets, each of two classes or more, in one run: batches may hold images of several.

    As `embed`, which chooses the subsets and keeps what this gives.
    """
    seen = extract_features(
        dataset, probe.backbone, probe.weights, probe.identity, size=size, seed=seed, device=device
    )
    network, normalise = load_network(probe.backbone, probe.weights, seed)
    filter_means = FilterMeans(network.to(device), f"the probe {probe.backbone!r}")
    pixels = load_pixels(dataset, size, "squash")
    answers = [
        _Answers.of(seen[r], dataset.labels[r], labels, [seed, number]) for number, r in enumerate(rows)
    ]
    subset = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
    images, place = np.concatenate(rows), np.concatenate([np.arange(len(r)) for r in rows])
    sums = torch.zeros(len(rows), filter_means.filters, dtype=torch.float64)
    for start in range(0, len(images), at_once := max(PLACES // size**2, 1)):
        batch = slice(start, start + at_once)
        directions = _stacked(
            [answers[s].slopes(place[batch][subset[batch] == s]) for s in np.unique(subset[batch])]
        )
        found = filter_means(
            normalise(torch.from_numpy(pixels[images[batch]]).to(device)),
            torch.from_numpy(directions).to(device),
        )
        sums.index_add_(0, torch.from_numpy(subset[batch]), found.double().cpu())
    counts = np.array([len(r) for r in rows])
    return np.asarray(sums.numpy() / counts[:, None])


@dataclass(frozen=True, eq=False)
class _Answers:
    """What a subset's own head answers to its images, and the labels that are drawn from it."""

    weight: NDArray[np.float64]  # (C, D)
    probabilities: NDArray[np.float64]  # (N, C)
    draws: NDArray[np.float64] | None  # (N, K) in [0, 1), or None for the sum over all labels

    @classmethod
    def of(
        cls, seen: NDArray[np.float32], labels: NDArray[np.int64], how: Labels, seed: list[int]
    ) -> _Answers:
        head = fit_head(seen, labels)
        draws = None if how == "exact" else np.random.default_rng(seed).random((len(seen), how))
        return cls(head.weight, head.probabilities(seen.astype(np.float64)), draws)

    def slopes(self, of: Rows) -> NDArray[np.float32]:
        """What the log probabilities of some images depend on: directions in their features, (R, n, D)."""
        p = self.probabilities[of]
        logits = exact_directions(p) if self.draws is None else sampled_directions(p, self.draws[of])
        return (logits @ self.weight).astype(np.float32)


def _stacked(parts: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """One after another along the images; where a head has fewer classes, it has fewer directions: zeros follow."""
    most = max(len(part) for part in parts)
    padded = [np.pad(part, [(0, most - len(part)), (0, 0), (0, 0)]) for part in parts]
    return np.concatenate(padded, axis=1)
