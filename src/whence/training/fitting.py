"""Train one network on one fold of one dataset: what pretraining and fine-tuning share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from whence.data import Dataset, Fold, load_pixels
from whence.errors import OutOfMemory
from whence.nets.backbone import build
from whence.nets.forward import Device, Normalisation, predict
from whence.nets.weights import load_into, read_weights
from whence.records import IMAGENET_MEAN, IMAGENET_STD
from whence.stats import accuracy, auc, has_converged
from whence.training.choosing import Epoch, kept_epoch
from whence.training.feeding import chosen
from whence.training.keeping import Keeper
from whence.training.loop import Part, fit
from whence.training.settings import Recipe


@dataclass(frozen=True)
class Fitted:
    """A trained network and what was measured on it."""

    network: nn.Module
    normalise: Normalisation
    epochs: list[Epoch]
    metrics: dict[str, float]  # auc, accuracy, and the same with validation_ and train_ before
    converged: bool
    seconds: float  # with those before it was cut off
    note: str
    probabilities: NDArray[np.float64]  # (N_test, C), rows in the order of fold.test
    energy: dict[str, float] = field(default_factory=dict)  # energy_kwh and co2_g where they were measured


def train_on_fold(
    dataset: Dataset,
    fold: Fold,
    backbone: str,
    recipe: Recipe,
    *,
    weights: Path | None,
    seed: int,
    device: str = "cpu",
    threads: int = 1,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
    keeper: Keeper | None = None,
) -> Fitted:
    """Train `backbone` on a fold's training part by the recipe, from `weights` or from random ones.

    The normalisation is that of the weights, ImageNet's for a network from scratch. The test part is only ever
    looked at, after every epoch and at the end. Raises `OutOfMemory` where the device has no room.
    """
    keeper = keeper or Keeper()
    with telling_of_memory(recipe):
        ready = _made_ready(dataset, fold, backbone, recipe, weights, seed, device, threads)
        network, normalise, where = ready.network, ready.normalise, ready.where
        epochs = fit(network, normalise, *ready.parts, recipe, where, seed, on_epoch, keeper)
        metrics = {}
        for name, part in zip(("train_", "validation_", ""), ready.parts, strict=True):
            probabilities = predict(network, normalise, part.pixels, where, recipe.evaluation_batch)
            metrics[f"{name}auc"] = auc(part.labels, probabilities)
            metrics[f"{name}accuracy"] = accuracy(part.labels, probabilities)
    return Fitted(
        network,
        normalise,
        epochs,
        metrics,
        has_converged([epoch.loss for epoch in epochs]),
        keeper.seconds,
        "; ".join(_notes(dataset, ready.parts[2], ready.unused, recipe, epochs)),
        probabilities,
    )


def begin_on_fold(
    dataset: Dataset,
    fold: Fold,
    backbone: str,
    recipe: Recipe,
    until: int,
    *,
    weights: Path | None,
    seed: int,
    device: str = "cpu",
    threads: int = 1,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
    keeper: Keeper,
) -> list[Epoch]:
    """The first `until` epochs of `train_on_fold` and what they measured; the state is left with the keeper.

    Where a kept state has come further already, its first epochs are returned.
    """
    with telling_of_memory(recipe):
        ready = _made_ready(dataset, fold, backbone, recipe, weights, seed, device, threads)
        epochs = fit(
            ready.network, ready.normalise, *ready.parts, recipe, ready.where, seed, on_epoch, keeper, until
        )
    return epochs[:until]


@dataclass(frozen=True)
class _Ready:
    network: nn.Module
    normalise: Normalisation
    unused: list[str]
    where: Device
    parts: tuple[Part, Part, Part]  # training, validation, test


def _made_ready(
    dataset: Dataset,
    fold: Fold,
    backbone: str,
    recipe: Recipe,
    weights: Path | None,
    seed: int,
    device: str,
    threads: int,
) -> _Ready:
    torch.set_num_threads(threads)
    network = build(backbone, len(dataset.class_names), recipe.dropout, seed)
    normalise = Normalisation(IMAGENET_MEAN, IMAGENET_STD)
    unused: list[str] = []
    if weights is not None:
        given = read_weights(weights)
        unused = load_into(network, given).unused
        normalise = Normalisation(given.mean, given.std)
    pixels = load_pixels(dataset, recipe.size, recipe.fit)
    train, validation, test = (
        Part(chosen(pixels, rows), dataset.labels[rows], tuple(dataset.digests[i] for i in rows))
        for rows in (fold.train, fold.validation, fold.test)
    )
    where = Device.resolve(device, recipe.precision)
    return _Ready(network, normalise, unused, where, (train, validation, test))


@contextmanager
def telling_of_memory(recipe: Recipe) -> Iterator[None]:
    """Turn every way in which torch and Python tell that memory has run out into `OutOfMemory`."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        told = str(error)
        if isinstance(error, MemoryError | torch.OutOfMemoryError) or "DefaultCPUAllocator" in told:
            raise OutOfMemory(
                f"out of memory with {recipe.at_a_time} images of {recipe.size} pixels at a time; set the recipe's "
                f"micro_batch below {recipe.at_a_time}, or size or batch lower, or use fewer --workers"
            ) from error
        raise


def _notes(dataset: Dataset, test: Part, unused: list[str], recipe: Recipe, epochs: list[Epoch]) -> list[str]:
    notes = []
    absent = [name for i, name in enumerate(dataset.class_names) if not (test.labels == i).any()]
    if absent:
        notes.append(f"no test image of {', '.join(absent)}: AUC is over the other classes")
    if unused:
        notes.append(f"{len(unused)} tensors of the weights file were not used (first: {unused[0]})")
    if recipe.keep == "best":
        kept = kept_epoch(epochs, recipe.keep)
        notes.append(f"kept epoch {kept} of {len(epochs)}, the best by validation AUC")
    if recipe.at_a_time < recipe.batch:
        notes.append(f"batches of {recipe.batch} in pieces of {recipe.at_a_time}")
    return notes
