"""The head that a source's weights came with: what it answers in its own classes."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from whence.errors import InputError
from whence.nets.backbone import build, head_names
from whence.nets.matching import match
from whence.nets.weights import Weights, read_weights


def lacks_head(backbone: str, weights: Path | None) -> str:
    """Why a source's own head cannot be asked, in one line; empty where it can."""
    if weights is None:
        return "random weights have no classes of their own"
    try:
        _head_of(build(backbone, classes=2, dropout=0.0, seed=0), read_weights(weights))
    except InputError as error:
        return str(error)
    return ""


def give_source_head(network: nn.Module, weights: Weights) -> None:
    """Replace a network's head by the one in the weights, with the source's classes; `InputError` if there is none."""
    name, tensors = _head_of(network, weights)
    network.reset_classifier(len(tensors["weight"]))  # type: ignore[operator]
    network.get_submodule(name).load_state_dict(tensors)


def _head_of(network: nn.Module, weights: Weights) -> tuple[str, dict[str, torch.Tensor]]:
    names, given = head_names(network), match(network, weights.tensors).tensors
    found = {key: given[f"{names[0]}.{key}"] for key in ("weight", "bias") if f"{names[0]}.{key}" in given}
    own = network.get_submodule(names[0])
    if len(names) != 1 or not isinstance(own, nn.Linear):
        raise InputError(f"the head of {weights.path.name} is no single linear layer")
    fits = set(found) == {"weight", "bias"} and found["weight"].shape[1:] == own.weight.shape[1:]
    if not fits:
        raise InputError(
            f"{weights.path.name} holds no head ({names[0]}.weight, {names[0]}.bias) of its own classes"
        )
    return names[0], found
