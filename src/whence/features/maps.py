"""Where a network looks: the feature maps of a layer, and the part of an image that speaks for a class."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from whence.errors import InputError, unknown_name
from whence.nets.layers import stages


def map_layer(network: nn.Module, name: str | None) -> str:
    """The layer whose maps are drawn: a stage of the backbone by name, its last by default.

    Raises `InputError` for another name.
    """
    known = list(stages(network))
    if not known:
        raise InputError("this backbone has no stages that whence can read; choose a convolutional one")
    if name is None:
        return known[-1]
    if name not in known:
        raise unknown_name("layer", name, known)
    return name


def maps(
    network: nn.Module, images: torch.Tensor, layer: str, classes: Sequence[int] | torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Feature maps (N, K, h, w) of a layer for images (N, 3, H, W), and maps (N, H, W) of what speaks for a class.

    `classes` (N,) says for which. The latter is Grad-CAM (Selvaraju et al. 2017, equations 1 and 2): the sum of the K
    maps, each weighted by the mean gradient of the class's logit over it, where that sum is positive, enlarged to the
    image and divided by its largest value. At the last layer of a network with average pooling and one linear layer
    it is the class-activation map of Zhou et al. (2016). A map of zeros says that nothing speaks for the class. Raises
    `InputError` for a layer without maps (a transformer's).
    """
    seen: list[torch.Tensor] = []
    hook = network.get_submodule(layer).register_forward_hook(lambda _m, _i, output: seen.append(output))
    try:
        with torch.enable_grad():
            logits = network(images.requires_grad_())
    finally:
        hook.remove()
    found = seen[0]
    if found.ndim != 4:
        raise InputError(
            f"layer {layer!r} gives tokens, not maps; whence draws the maps of convolutional networks"
        )
    chosen = logits.gather(1, torch.as_tensor(classes, device=logits.device).view(-1, 1)).sum()
    (gradient,) = torch.autograd.grad(chosen, found)
    found = found.detach()
    speaking = functional.relu((gradient.mean(dim=(2, 3), keepdim=True) * found).sum(dim=1, keepdim=True))
    large = functional.interpolate(speaking, images.shape[-2:], mode="bilinear", align_corners=False)[:, 0]
    highest = large.amax(dim=(1, 2), keepdim=True)
    return found, large / torch.where(highest > 0, highest, 1.0)
