"""A timm backbone with the paper's head: global average pooling, dropout, one linear layer."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import nn

from whence.errors import InputError, unknown_name


def check_backbone(name: str) -> None:
    """Raise an `InputError` with near names if timm has no such backbone."""
    import timm

    if not timm.is_model(name.split(".")[0]):
        raise unknown_name("backbone", name, timm.list_models(), "any timm model name is accepted")


def build(backbone: str, classes: int, dropout: float, seed: int) -> nn.Module:
    """Build `backbone` with random weights and a head for `classes` classes.

    The weights depend on `seed` alone; the global random state is left as it was found.
    """
    import timm

    check_backbone(backbone)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network: nn.Module = timm.create_model(
            backbone, pretrained=False, num_classes=classes, drop_rate=dropout
        )
    return network


@cache
def parameters(backbone: str) -> int:
    """How many weights a backbone has without its head; no memory is taken for them."""
    import timm

    check_backbone(backbone)
    with torch.device("meta"):
        network: nn.Module = timm.create_model(backbone, pretrained=False, num_classes=0)
    return sum(weights.numel() for weights in network.parameters())


def pretrained_config(network: nn.Module) -> dict[str, Any]:
    """What timm knows of a network's weights: its classifier's name, mean, std, licence."""
    return dict(network.pretrained_cfg)  # type: ignore[arg-type]


def head_names(network: nn.Module) -> tuple[str, ...]:
    """Prefixes of the parameters of the classification head ("fc", "classifier", ...)."""
    names = pretrained_config(network)["classifier"]
    return (names,) if isinstance(names, str) else tuple(names)


def penultimate(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """The (N, D) features that enter the head's linear layer, without dropout noise in eval mode."""
    maps = network.forward_features(images)  # type: ignore[operator]
    features: torch.Tensor = network.forward_head(maps, pre_logits=True)  # type: ignore[operator]
    return features


@cache
def check_image_size(backbone: str, size: int) -> None:
    """Raise an `InputError` if the backbone only takes another image size (some transformers do)."""
    import timm

    config = timm.get_pretrained_cfg(backbone)
    if config is not None and config.fixed_input_size and config.input_size[-1] != size:
        raise InputError(
            f"backbone {backbone!r} takes images of {config.input_size[-1]} pixels only, the recipe says {size}: "
            f"set the recipe's size to {config.input_size[-1]} or choose a convolutional backbone"
        )
