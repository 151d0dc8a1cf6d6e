"""Random rotation, shift and flip of a whole batch at once, on the device that trains."""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from whence.training.recipe import Augmentation


def augment(images: torch.Tensor, settings: Augmentation, random: torch.Generator) -> torch.Tensor:
    """Return a randomly moved copy of `images` (N, C, H, W); each image is moved on its own.

    `random` is a CPU generator, so that the same seed gives the same moves on every device. What comes in from
    outside the image repeats its edge. With strength 0 the images come back as they are.
    """
    if settings.strength == 0:
        return images
    count = len(images)
    angle, right, down, side = torch.rand(4, count, generator=random).unbind()
    reach = settings.strength
    turn = (2 * angle - 1) * math.radians(settings.rotation) * reach
    mirror = torch.where((side < 0.5) & settings.flip, -1.0, 1.0)
    moves = torch.zeros(count, 2, 3)
    moves[:, 0, 0] = mirror * torch.cos(turn)
    moves[:, 0, 1] = -torch.sin(turn)
    moves[:, 1, 0] = mirror * torch.sin(turn)
    moves[:, 1, 1] = torch.cos(turn)
    # affine_grid measures in half sides, so a shift of one tenth of the side is 0.2.
    moves[:, 0, 2] = (2 * right - 1) * 2 * settings.shift * reach
    moves[:, 1, 2] = (2 * down - 1) * 2 * settings.shift * reach
    grid = functional.affine_grid(moves.to(images.device), list(images.shape), align_corners=False)
    return functional.grid_sample(
        images, grid.to(images.dtype), mode="bilinear", padding_mode="border", align_corners=False
    )
