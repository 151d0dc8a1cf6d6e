"""A ResNet's children in an `nn.Sequential`: numbers for names, as in RadImageNet's PyTorch release.

`nn.Sequential(*list(resnet50().children())[:9])` keeps conv1 as 0, bn1 as 1 and the four stages as 4 to 7; what is
between has no tensors. RadImageNet's `ResNet50.pt` puts `backbone.` before each (github.com/BMEII-AI/RadImageNet,
pytorch_example.ipynb).
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from whence.nets.layouts import Layout


def names(network: nn.Module) -> Mapping[str, str]:
    """The number of each child before what is below it; nothing for a network that is no ResNet."""
    children = [name for name, _ in network.named_children()]
    if children[:3] != ["conv1", "bn1", "act1"] or children[3:8] != ["maxpool", *STAGES]:
        return {}
    numbers = {name: str(number) for number, name in enumerate(children)}
    found = {}
    for name in network.state_dict():
        child, _, below = name.partition(".")
        found[f"{numbers[child]}.{below}"] = name
    return found


STAGES = ("layer1", "layer2", "layer3", "layer4")
LAYOUT = Layout("a ResNet's children by number", names)
