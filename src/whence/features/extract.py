"""Penultimate features of a frozen network on a whole dataset, computed once and kept on disk."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whence.data import Dataset, load_pixels
from whence.nets.backbone import build, penultimate
from whence.nets.forward import Device, Normalisation, in_batches
from whence.nets.weights import load_into, read_weights
from whence.paths import home, replacing
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
    key = _key(
        version=VERSION,
        dataset=dataset.fingerprint,
        backbone=backbone,
        weights=identity or f"random {seed}",
        size=size,
        fit=fit,
        device=device,
    )
    path = home() / "features" / f"{key}.npy"
    if path.exists():
        stored: NDArray[np.float32] = np.load(path, allow_pickle=False)
        if len(stored) == len(dataset):
            return stored
    network = build(backbone, classes=2, dropout=0.0, seed=seed)
    normalise = Normalisation(IMAGENET_MEAN, IMAGENET_STD)
    if weights is not None:
        given = read_weights(weights)
        load_into(network, given)
        normalise = Normalisation(given.mean, given.std)
    network.to(device).eval()
    pixels = load_pixels(dataset, size, fit)
    where = Device(device, "float32")
    found = in_batches(lambda images: penultimate(network, images), normalise, pixels, where).numpy()
    with replacing(path, "wb") as file:
        np.save(file, found, allow_pickle=False)
    return found


def _key(**parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
