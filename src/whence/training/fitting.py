"""Train one network on one fold of one dataset: what pretraining and fine-tuning share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
    torch.set_num_threads(threads)
    keeper = keeper or Keeper()
    where = Device.resolve(device, recipe.precision)
    network = build(backbone, len(dataset.class_names), recipe.dropout, seed)
    normalise = Normalisation(IMAGENET_MEAN, IMAGENET_STD)
    unused: list[str] = []
    if weights is not None:
        given = read_weights(weights)
        unused = load_into(network, given).unused
        normalise = Normalisation(given.mean, given.std)
    with telling_of_memory(recipe):
        pixels = load_pixels(dataset, recipe.size, recipe.fit)
        train, validation, test = (
            Part(chosen(pixels, rows), dataset.labels[rows], tuple(dataset.digests[i] for i in rows))
            for rows in (fold.train, fold.validation, fold.test)
        )
        epochs = fit(network, normalise, train, validation, test, recipe, where, seed, on_epoch, keeper)
        metrics = {}
        for name, part in zip(("train_", "validation_", ""), (train, validation, test), strict=True):
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
        "; ".join(_notes(dataset, test, unused, recipe, epochs)),
        probabilities,
    )


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
