"""torchvision's names where timm has the same network under others: MobileNet, EfficientNet, MnasNet, ConvNeXt, VGG.

Both libraries list a network's tensors in the order in which images pass them, so the two lists stand side by side.
`tests/nets/test_layouts.py` compares the outputs of five pairs, and of all pairs the tensors' sizes.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from whence.nets.backbone import pretrained_config
from whence.nets.layouts import Layout

# timm's architecture → torchvision's. Left out: what pads (EfficientNetV2) or is ordered (ViT, RegNet) otherwise.
PAIRS = {
    "mobilenetv2_100": "mobilenet_v2",
    "mobilenetv3_small_100": "mobilenet_v3_small",
    "mobilenetv3_large_100": "mobilenet_v3_large",
    "mnasnet_100": "mnasnet1_0",
    "efficientnet_b0": "efficientnet_b0",
    "efficientnet_b1": "efficientnet_b1",
    "efficientnet_b2": "efficientnet_b2",
    "efficientnet_b3": "efficientnet_b3",
    "efficientnet_b4": "efficientnet_b4",
    "convnext_tiny": "convnext_tiny",
    "convnext_small": "convnext_small",
    "convnext_base": "convnext_base",
    "vgg11": "vgg11",
    "vgg13": "vgg13",
    "vgg16": "vgg16",
    "vgg19": "vgg19",
    "vgg11_bn": "vgg11_bn",
    "vgg16_bn": "vgg16_bn",
}


def names(network: nn.Module) -> Mapping[str, str]:
    """The torchvision name of every tensor of a network in `PAIRS`; nothing for another network."""
    theirs = _twin(network)
    if theirs is None:
        return {}
    lists = list(theirs.state_dict().items()), list(network.state_dict().items())
    if len(lists[0]) != len(lists[1]):
        return {}
    return {a: b for (a, _), (b, _) in zip(*lists, strict=True)}


def adjust(network: nn.Module) -> None:
    """Set torchvision's epsilon in every batch normalisation: 0.001 in MobileNetV3."""
    theirs = _twin(network)
    if theirs is None:
        return
    epsilons = [module.eps for module in theirs.modules() if isinstance(module, _BatchNorm)]
    own = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    for module, epsilon in zip(own, epsilons, strict=True):
        module.eps = epsilon


def _twin(network: nn.Module) -> nn.Module | None:
    """The same network as torchvision builds it, without memory for its tensors."""
    from torchvision import models

    name = PAIRS.get(str(pretrained_config(network)["architecture"]))
    if name is None:
        return None
    with torch.device("meta"):
        built: nn.Module = models.get_model(name, weights=None)
    return built


LAYOUT = Layout("torchvision's names", names, adjust=adjust)
