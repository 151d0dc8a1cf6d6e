"""ResNet-50, -101 and -152 of Keras applications, and RadImageNet's Keras ResNet-50 (`.h5`).

Three things differ from timm's networks beside the names. Kernels lie as (height, width, in, out). Convolutions have
biases: a constant before a batch normalisation only moves its mean, so the bias is taken off the running mean. The
first convolution of a stage strides where timm's second does, and epsilon is 1.001e-5 (keras/applications/resnet.py):
`adjust` sets both in the network. Paddings agree: Keras pads by 3 and 1 before it convolves and pools, with zeros,
which the maximum of rectified values does not see. Keras applications take images as BGR, so the first kernel's input
channels are turned round.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from whence.nets.layouts import Layout, Tensors

EPSILON = 1.001e-5
FIRST = "conv1_conv"
BATCH_NORM = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}
HEAD = "predictions"


def names(network: nn.Module) -> Mapping[str, str]:
    """Keras' `layer/weight` of every tensor of a ResNet with bottlenecks; nothing for another network."""
    blocks = getattr(network, "layer1", None)
    if blocks is None or not hasattr(blocks[0], "conv3") or not isinstance(network.conv1, nn.Conv2d):
        return {}
    found = {}
    for name in network.state_dict():
        module, _, tensor = name.rpartition(".")
        layer = _layer(module)
        if layer is None or tensor == "num_batches_tracked":
            continue
        kernel = {"weight": "kernel", "bias": "bias"}
        theirs = (BATCH_NORM if layer.endswith("_bn") else kernel)[tensor]
        found[f"{layer}/{theirs}"] = name
    return found


def values(tensors: Tensors) -> Tensors:
    """Kernels turned to (out, in, height, width), biases taken off the running means, RGB for BGR."""
    found = dict(tensors)
    for name, tensor in tensors.items():
        layer, _, what = name.rpartition("/")
        if what == "kernel":
            turned = tensor.permute(3, 2, 0, 1) if tensor.ndim == 4 else tensor.T
            found[name] = (turned.flip(1) if layer == FIRST and turned.shape[1] == 3 else turned).contiguous()
        mean = f"{layer.removesuffix('_conv')}_bn/moving_mean"
        if what == "bias" and layer.endswith("_conv") and mean in tensors:
            found[mean] = tensors[mean] - found.pop(name)
    return found


def adjust(network: nn.Module) -> None:
    """Keras' strides and epsilon."""
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.eps = EPSILON
    for stage in (network.layer2, network.layer3, network.layer4):
        block = stage[0]  # type: ignore[index]
        block.conv1.stride, block.conv2.stride = (2, 2), (1, 1)  # type: ignore[union-attr]


def _layer(module: str) -> str | None:
    """Keras' name of the layer that timm calls `module`."""
    if module in ("conv1", "bn1"):
        return f"conv1_{module[:-1]}"
    if module == "fc":
        return HEAD
    inside = re.fullmatch(r"layer(\d)\.(\d+)\.(?:(conv|bn)(\d)|downsample\.([01]))", module)
    if inside is None:
        return None
    stage, block, kind, number, shortcut = inside.groups()
    kind, number = (kind, number) if kind else (("conv", "bn")[int(shortcut)], "0")
    return f"conv{int(stage) + 1}_block{int(block) + 1}_{number}_{kind}"


LAYOUT = Layout("Keras applications' ResNet", names, values, adjust)
