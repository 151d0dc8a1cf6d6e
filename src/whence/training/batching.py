"""How many images are cut into batches, and a batch into pieces that fit into memory."""

from __future__ import annotations

import torch


def batches(count: int, size: int, random: torch.Generator) -> list[torch.Tensor]:
    """Indices 0 … count − 1 in random order, cut into batches by `pieces`."""
    order = torch.randperm(count, generator=random)
    return [order[piece] for piece in pieces(count, size)]


def pieces(count: int, size: int) -> list[slice]:
    """0 … count − 1 in pieces of at most `size`; a last piece of one joins the one before it.

    Batch normalisation has no variance to compute on a single image.
    """
    starts = list(range(0, count, size))
    if len(starts) > 1 and count - starts[-1] == 1:
        starts.pop()
    return [slice(a, b) for a, b in zip(starts, [*starts[1:], count], strict=True)]
