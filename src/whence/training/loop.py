"""The one training loop: read it from top to bottom."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from whence.errors import WorkFailed
from whence.nets.forward import Device, Normalisation, predict
from whence.stats import auc
from whence.training.augment import augment
from whence.training.recipe import Recipe, Schedule


@dataclass(frozen=True)
class Part:
    """Images and labels of one part of a fold: `pixels` (N, H, W, 3) uint8, `labels` (N,) class indices."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class Epoch:
    """What was measured after one epoch. Validation and test AUC are recorded; nothing is chosen by them."""

    number: int
    loss: float
    validation_auc: float
    test_auc: float


def fit(
    network: nn.Module,
    normalise: Normalisation,
    training: Part,
    validation: Part,
    test: Part,
    recipe: Recipe,
    device: Device,
    seed: int,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> list[Epoch]:
    """Train `network` in place for the recipe's epochs and return what each epoch measured.

    The order of images, their moves and dropout come from `seed` alone. The loss is cross-entropy, each image
    weighted by N / (C · N_class) when the recipe asks for class weights, averaged over the batch. A loss that
    is not finite raises `WorkFailed` with the step.
    """
    network.to(device.kind)
    classes = 1 + int(training.labels.max())
    by_class = class_weights(training.labels, classes) if recipe.class_weights else np.ones(classes)
    weights = torch.tensor(by_class, dtype=torch.float32, device=device.kind)
    pixels = torch.from_numpy(training.pixels).to(device.kind)
    labels = torch.from_numpy(training.labels).to(device.kind)
    optimiser = torch.optim.Adam(network.parameters(), lr=recipe.learning_rate)
    random = torch.Generator().manual_seed(seed)
    epochs = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for number in range(1, recipe.epochs + 1):
            if isinstance(recipe.schedule, Schedule) and number == recipe.schedule.after + 1:
                for group in optimiser.param_groups:
                    group["lr"] *= recipe.schedule.factor
            network.train()
            total = 0.0
            for step, rows in enumerate(batches(len(labels), recipe.batch, random), start=1):
                rows = rows.to(device.kind)
                images = augment(normalise(pixels[rows]), recipe.augmentation, random)
                optimiser.zero_grad(set_to_none=True)
                with device.autocast():
                    losses = functional.cross_entropy(network(images), labels[rows], reduction="none")
                    loss = (losses * weights[labels[rows]]).mean()
                torch.autograd.backward(loss)
                optimiser.step()
                total += loss.item() * len(rows)
                if not math.isfinite(total):
                    raise WorkFailed(
                        f"the loss became {loss.item()} in epoch {number}, step {step}; the network would only hold "
                        f"NaN from here on. Lower learning_rate (now {recipe.learning_rate:g}) or check the images"
                    )
            epochs.append(
                Epoch(
                    number,
                    total / len(labels),
                    auc(validation.labels, predict(network, normalise, validation.pixels, device)),
                    auc(test.labels, predict(network, normalise, test.pixels, device)),
                )
            )
            on_epoch(epochs[-1])
    return epochs


def batches(count: int, size: int, random: torch.Generator) -> list[torch.Tensor]:
    """Indices 0 … count − 1 in random order, cut into batches; a last batch of one joins the one before it.

    Batch normalisation has no variance to compute on a single image.
    """
    order = torch.randperm(count, generator=random)
    cut = list(torch.split(order, size))
    if len(cut) > 1 and len(cut[-1]) == 1:
        cut[-2:] = [torch.cat(cut[-2:])]
    return cut


def class_weights(labels: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Weight of each class, N / (C · N_class), so that the mean over images is 1; a class without images weighs 0."""
    counts = np.bincount(labels, minlength=classes)
    return np.divide(len(labels), classes * counts, out=np.zeros(classes), where=counts > 0)
