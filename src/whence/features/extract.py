"""What a frozen network makes of a whole dataset at the layers asked for, computed once and kept on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from whence.data import Dataset, load_pixels
from whence.data.kept import write_array
from whence.features.kept import kept_path, read_kept
from whence.nets.backbone import build
from whence.nets.forward import Device, Normalisation, in_batches
from whence.nets.head import give_source_head
from whence.nets.layers import LOGITS, PENULTIMATE, read_layers
from whence.nets.weights import load_into, read_weights
from whence.records import IMAGENET_MEAN, IMAGENET_STD

VERSION = 1


def features(
    dataset: Dataset,
    backbone: str,
    weights: Path | None,
    identity: str,
    *,
    size: int,
    fit: str = "squash",
    seed: int = 0,
    device: str = "cpu",
) -> NDArray[np.float32]:
    """The (N, D) inputs of the head's linear layer, rows in the dataset's order, in eval mode without augmentation.

    `weights` is a file, or None for random weights from `seed`; `identity` stands for its bytes in the cache's key.
    """
    found = layers(
        dataset, backbone, weights, identity, [PENULTIMATE], size=size, fit=fit, seed=seed, device=device
    )
    return found[PENULTIMATE]


def layers(
    dataset: Dataset,
    backbone: str,
    weights: Path | None,
    identity: str,
    names: Sequence[str],
    *,
    size: int,
    fit: str = "squash",
    seed: int = 0,
    device: str = "cpu",
) -> dict[str, NDArray[np.float32]]:
    """What `features` gives, for several layers in one pass: each (N, its width), averaged over the image's area.

    A name is "penultimate", a stage of the backbone (`nets.layers.stages`), or "logits", what the source's own head
    answers. Layers that are kept are not computed again. Raises `InputError` for another name, or for logits where the
    weights hold no head.
    """
    paths = {
        name: kept_path(
            version=VERSION,
            dataset=dataset.fingerprint,
            backbone=backbone,
            weights=identity or f"random {seed}",
            size=size,
            fit=fit,
            device=device,
            **({} if name == PENULTIMATE else {"layer": name}),
        )
        for name in dict.fromkeys(names)
    }
    found = {
        name: stored for name, path in paths.items() if (stored := read_kept(path, len(dataset))) is not None
    }
    missing = [name for name in paths if name not in found]
    if missing:
        network, normalise = load_network(backbone, weights, seed, head=LOGITS in missing)
        network.to(device).eval()
        run = read_layers(network, missing)
        widths: list[int] = []

        def together(images: torch.Tensor) -> torch.Tensor:
            outputs = run(images)
            widths[:] = [output.shape[1] for output in outputs]
            return torch.cat(outputs, dim=1)

        pixels = load_pixels(dataset, size, fit)
        columns = in_batches(together, normalise, pixels, Device(device, "float32")).numpy()
        parts = np.split(columns, np.cumsum(widths)[:-1], axis=1)
        for name, part in zip(missing, parts, strict=True):
            found[name] = np.ascontiguousarray(part)
            write_array(paths[name], found[name])
    return {name: found[name] for name in paths}


def load_network(
    backbone: str, weights: Path | None, seed: int, *, head: bool = False
) -> tuple[nn.Module, Normalisation]:
    """A source's network and the normalisation that its weights expect; with its own head where `head` asks for it."""
    network = build(backbone, classes=2, dropout=0.0, seed=seed)
    if weights is None:
        return network, Normalisation(IMAGENET_MEAN, IMAGENET_STD)
    given = read_weights(weights)
    load_into(network, given)
    if head:
        give_source_head(network, given)
    return network, Normalisation(given.mean, given.std)
