"""The one training loop: read it from top to bottom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from whence.nets.forward import Device, Normalisation, predict
from whence.stats import accuracy, auc
from whence.training.augment import augment
from whence.training.batching import pieces
from whence.training.choosing import Epoch, kept_epoch, out_of_patience
from whence.training.feeding import Feeder, Pixels
from whence.training.keeping import Keeper, State
from whence.training.optimiser import make_optimiser
from whence.training.schedule import rate
from whence.training.settings import Recipe
from whence.training.tuning import freeze, to_training_mode
from whence.training.watching import LossWatch


@dataclass(frozen=True)
class Part:
    """Images and labels of one part of a fold: `pixels` (N, H, W, 3) uint8, `labels` (N,) class indices.

    `names` (N) are the content hashes by which a message may call an image.
    """

    pixels: Pixels
    labels: NDArray[np.int64]
    names: tuple[str, ...] = ()


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
    keeper: Keeper | None = None,
    until: int | None = None,
) -> list[Epoch]:
    """Train `network` in place by the recipe and return what each epoch measured; at the end it is the kept epoch's.

    The order of images, their moves and dropout come from `seed` alone. The loss is cross-entropy, each image
    weighted by N / (C · N_class) when the recipe asks for class weights, averaged over the batch. A loss that
    is not finite raises `WorkFailed` with the step and the images. With a `keeper` a training that was cut off goes
    on from its last kept state, to the same bits. After the epoch `until` it stops, its state kept: to go on later.
    """
    network.to(device.kind)
    if recipe.channels_last:
        network.to(memory_format=torch.channels_last)
    freeze(network, recipe.tune)
    optimiser = make_optimiser(network, recipe)
    weights, labels = _on_device(training.labels, recipe, device)
    feeder = Feeder(training.pixels, device.kind)
    watch = LossWatch(training.names, recipe.learning_rate)
    keeper = keeper or Keeper()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        random = torch.Generator().manual_seed(seed)
        state = keeper.restore(network, optimiser, random) or State()
        last = min(until or recipe.epochs, recipe.epochs)
        for number in range(state.epoch, last + 1):
            order = state.order_of_epoch(len(labels), recipe.batch, random)
            to_training_mode(network)
            watch.start(number, state.step, state.total, state.right)
            for step, pixels in enumerate(feeder.batches(order[state.step :]), start=state.step):
                rows = order[step]
                for group in optimiser.param_groups:
                    group["lr"] = recipe.learning_rate * rate(recipe, number, step, len(order))
                images = augment(normalise(pixels), recipe.augmentation, random)
                if recipe.channels_last:
                    images = images.contiguous(memory_format=torch.channels_last)
                wanted = labels[rows.to(device.kind)]
                optimiser.zero_grad(set_to_none=True)
                loss, right = torch.zeros((), device=device.kind), torch.zeros((), device=device.kind)
                for piece in pieces(len(rows), recipe.micro_batch or len(rows)):
                    with device.autocast():
                        logits = network(images[piece])
                        losses = functional.cross_entropy(
                            logits,
                            wanted[piece],
                            reduction="none",
                            label_smoothing=recipe.label_smoothing,
                        )
                    share = (losses * weights[wanted[piece]]).sum() / len(rows)
                    torch.autograd.backward(share)
                    loss += share.detach()
                    right += (logits.detach().argmax(dim=1) == wanted[piece]).sum()
                optimiser.step()
                watch.add(loss, right, rows)
                if keeper.is_time():
                    state.step, state.total, state.right = step + 1, watch.total(), watch.right
                    keeper.save(state, network, optimiser, random)
            loss_sum, at_once = watch.total(), recipe.evaluation_batch
            seen, unseen = (
                predict(network, normalise, part.pixels, device, at_once) for part in (validation, test)
            )
            measured = Epoch(
                number,
                loss_sum / len(labels),
                auc(validation.labels, seen),
                auc(test.labels, unseen),
                watch.right / len(labels),
                accuracy(validation.labels, seen),
            )
            state.end_epoch(measured, network if recipe.keep == "best" else None)
            on_epoch(measured)
            if out_of_patience(state.epochs, recipe.patience):
                break
            if number == last < recipe.epochs and keeper.path:
                keeper.save(state, network, optimiser, random)
        if state.best is not None and kept_epoch(state.epochs, recipe.keep) != len(state.epochs):
            network.load_state_dict(state.best)
    return state.epochs


def class_weights(labels: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Weight of each class, N / (C · N_class), so that the mean over images is 1; a class without images weighs 0."""
    counts = np.bincount(labels, minlength=classes)
    return np.divide(len(labels), classes * counts, out=np.zeros(classes), where=counts > 0)


def _on_device(
    labels: NDArray[np.int64], recipe: Recipe, device: Device
) -> tuple[torch.Tensor, torch.Tensor]:
    """The weight of each class and the label of each image, as tensors where training happens."""
    classes = 1 + int(labels.max())
    by_class = class_weights(labels, classes) if recipe.class_weights else np.ones(classes)
    weights = torch.tensor(by_class, dtype=torch.float32, device=device.kind)
    return weights, torch.from_numpy(labels).to(device.kind)
