"""How large the gradients of a triplet loss are in a frozen network's early convolutions (for `whence.measures.fu`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from whence.data import Dataset, load_pixels
from whence.data.kept import write_array
from whence.errors import InputError
from whence.features.extract import load_network
from whence.features.kept import kept_path, read_kept
from whence.nets.backbone import penultimate

VERSION = 1
BATCHES, BATCH = 6, 32
MARGIN = 1.0


def triplet_gradients(
    dataset: Dataset,
    backbone: str,
    weights: Path | None,
    identity: str,
    *,
    size: int,
    seed: int = 0,
    device: str = "cpu",
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Norms of the gradient in the first convolution and in the first of the first block, (B,) each.

    L is the triplet-margin loss over all triplets of a batch, on its penultimate features and the target's labels, the
    network in eval mode. Up to six batches of 32 images, drawn with `seed` without an image twice, hold as equal
    numbers of each class as there are. Arguments as for `features.extract.features`. Raises `InputError` for a backbone
    without two convolutions.
    Source: Juodelyte et al., *On dataset transferability in medical image classification* (2024).
    """
    batches = _batches(dataset.labels, seed)
    path = kept_path(
        version=VERSION,
        gradients="triplet margin",
        dataset=dataset.fingerprint,
        backbone=backbone,
        weights=identity or f"random {seed}",
        size=size,
        seed=seed,
        device=device,
    )
    norms = read_kept(path, len(batches))
    if norms is None:
        network, normalise = load_network(backbone, weights, seed)
        network.to(device).eval()
        watched = _convolutions(network, backbone)
        pixels = load_pixels(dataset, size, "squash")
        rows = []
        for batch in batches:
            images = normalise(torch.from_numpy(np.array(pixels[batch])).to(device))
            loss = triplet_margin_loss(penultimate(network, images), torch.from_numpy(dataset.labels[batch]))
            found = torch.autograd.grad(loss, watched)
            rows.append([float(torch.linalg.vector_norm(g.double())) for g in found])
        norms = np.array(rows, dtype=np.float32)
        write_array(path, norms)
    return norms[:, 0].astype(np.float64), norms[:, 1].astype(np.float64)


def triplet_margin_loss(features: torch.Tensor, labels: torch.Tensor, margin: float = MARGIN) -> torch.Tensor:
    """Mean of max(0, |a − p| − |a − n| + margin) over all triplets with a ≠ p of one class and n of another.

    `features` are (N, D), `labels` (N,) with two classes at least and two images of one.
    """
    squares = (features[:, None] - features[None]).square().sum(dim=2)
    distances = (squares + 1e-12).sqrt()  # the root's slope at 0 is infinite
    same = labels[:, None] == labels[None]
    positive = (same & ~torch.eye(len(labels), dtype=torch.bool)).to(features.device)
    triplets = positive[:, :, None] & ~same.to(features.device)[:, None, :]
    gaps = distances[:, :, None] - distances[:, None, :] + margin
    return torch.relu(gaps[triplets]).mean()


def _convolutions(network: nn.Module, backbone: str) -> list[torch.Tensor]:
    found = [module.weight for module in network.modules() if isinstance(module, nn.Conv2d)]
    if len(found) < 2:
        raise InputError(
            f"backbone {backbone!r} has {len(found)} convolutions; fu needs a convolutional backbone"
        )
    return found[:2]


def _batches(labels: NDArray[np.int64], seed: int) -> list[NDArray[np.int64]]:
    """Rows of each batch: classes taken in turn, each in a random order, so that every batch is as even as can be."""
    random = np.random.default_rng(seed)
    queues = [random.permutation(np.flatnonzero(labels == c)) for c in np.unique(labels)]
    turns = [
        row for turn in range(max(map(len, queues))) for queue in queues for row in queue[turn : turn + 1]
    ]
    batches = [np.array(turns[i : i + BATCH], dtype=np.int64) for i in range(0, BATCHES * BATCH, BATCH)]
    return [batch for batch in batches if _holds_triplets(labels[batch])]


def _holds_triplets(labels: NDArray[np.int64]) -> bool:
    _, counts = np.unique(labels, return_counts=True)
    return len(counts) > 1 and bool((counts > 1).any())
