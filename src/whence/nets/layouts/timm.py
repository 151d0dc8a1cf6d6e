"""timm's own names, which torchvision shares for ResNets and DenseNets."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from whence.nets.layouts import Layout


def names(network: nn.Module) -> Mapping[str, str]:
    """Every name is its own."""
    return {name: name for name in network.state_dict()}


LAYOUT = Layout("timm's names", names)
