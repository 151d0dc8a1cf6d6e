"""What of a network is tuned: all of it, the head alone, or the head and the last stages below it."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from whence.errors import InputError
from whence.nets.backbone import build, head_names


def freeze(network: nn.Module, tune: str) -> None:
    """Let only what `tune` ("all", "head", "last:k") names be trained. Raises `InputError` if there are fewer stages.

    Stages are timm's own groups of layers: the four of a ResNet and its stem, a transformer's blocks.
    """
    if tune == "all":
        return
    heads = tuple(f"{name}." for name in head_names(network))
    tuned = {name for name, _ in network.named_parameters() if name.startswith(heads)}
    if tune != "head":
        groups, last = stages(network), int(tune.removeprefix("last:"))
        if last > len(groups):
            raise InputError(
                f"recipe field 'tune': found {tune!r}, but the backbone has {len(groups)} stages below its head; "
                f"accepted are all, head and last:1 to last:{len(groups)}"
            )
        tuned |= {name for group in groups[-last:] for name in group}
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in tuned)


def stages(network: nn.Module) -> list[list[str]]:
    """The names of the parameters of every stage below the head, from the image upwards."""
    from timm.models import group_parameters

    heads = tuple(f"{name}." for name in head_names(network))
    groups = group_parameters(network, network.group_matcher(coarse=True))  # type: ignore[operator]
    below = [[name for name in names if not name.startswith(heads)] for _, names in sorted(groups.items())]
    return [names for names in below if names]


def to_training_mode(network: nn.Module) -> None:
    """Training mode, but for the batch normalisation of frozen layers: their statistics stay as they came."""
    network.train()
    for module in network.modules():
        own = list(module.parameters(recurse=False))
        if isinstance(module, _BatchNorm) and own and not any(p.requires_grad for p in own):
            module.eval()


def check_tune(backbone: str, tune: str) -> None:
    """Raise an `InputError` if the backbone has fewer stages than `tune` asks for."""
    if tune.startswith("last:"):
        with torch.device("meta"):
            freeze(build(backbone, classes=2, dropout=0.0, seed=0), tune)
