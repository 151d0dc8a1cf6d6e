"""Train one network on one fold of one dataset: what pretraining and fine-tuning share."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from whence.data import Dataset, Fold, load_pixels
from whence.nets.backbone import build
from whence.nets.forward import Device, Normalisation, predict
from whence.nets.weights import load_into, read_weights
from whence.records import IMAGENET_MEAN, IMAGENET_STD
from whence.stats import accuracy, auc, has_converged
from whence.training.loop import Epoch, Part, fit
from whence.training.recipe import Recipe


@dataclass(frozen=True)
class Fitted:
    """A trained network and what was measured on it."""

    network: nn.Module
    normalise: Normalisation
    epochs: list[Epoch]
    metrics: dict[str, float]  # auc, accuracy, and the same with validation_ and train_ before
    converged: bool
    seconds: float
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
) -> Fitted:
    """Train all layers of `backbone` on a fold's training part, from `weights` or from random ones.

    The normalisation is that of the weights, ImageNet's for a network from scratch. The test part is only ever
    looked at, after every epoch and at the end.
    """
    torch.set_num_threads(threads)
    started = time.monotonic()
    where = Device.resolve(device, recipe.precision)
    network = build(backbone, len(dataset.class_names), recipe.dropout, seed)
    normalise = Normalisation(IMAGENET_MEAN, IMAGENET_STD)
    unused: list[str] = []
    if weights is not None:
        given = read_weights(weights)
        unused = load_into(network, given)
        normalise = Normalisation(given.mean, given.std)
    pixels = load_pixels(dataset, recipe.size, recipe.fit)
    train, validation, test = (
        Part(np.ascontiguousarray(pixels[rows]), dataset.labels[rows])
        for rows in (fold.train, fold.validation, fold.test)
    )
    epochs = fit(network, normalise, train, validation, test, recipe, where, seed, on_epoch)
    metrics = {}
    for name, part in zip(("train_", "validation_", ""), (train, validation, test), strict=True):
        probabilities = predict(network, normalise, part.pixels, where)
        metrics[f"{name}auc"] = auc(part.labels, probabilities)
        metrics[f"{name}accuracy"] = accuracy(part.labels, probabilities)
    return Fitted(
        network,
        normalise,
        epochs,
        metrics,
        has_converged([epoch.loss for epoch in epochs]),
        time.monotonic() - started,
        "; ".join(_notes(dataset, test, unused)),
        probabilities,
    )


def _notes(dataset: Dataset, test: Part, unused: list[str]) -> list[str]:
    notes = []
    absent = [name for i, name in enumerate(dataset.class_names) if not (test.labels == i).any()]
    if absent:
        notes.append(f"no test image of {', '.join(absent)}: AUC is over the other classes")
    if unused:
        notes.append(f"{len(unused)} tensors of the weights file were not used (first: {unused[0]})")
    return notes
