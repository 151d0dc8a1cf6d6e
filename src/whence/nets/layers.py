"""The layers of a backbone that can be read: its stages, its penultimate features, its head's answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn

from whence.errors import unknown_name
from whence.nets.backbone import penultimate

PENULTIMATE, LOGITS = "penultimate", "logits"


def stages(network: nn.Module) -> dict[str, int]:
    """The stages of a timm backbone, first to last, with their widths: modules whose output can be read."""
    described = getattr(network, "feature_info", [])
    return {info["module"]: int(info["num_chs"]) for info in described}


def read_layers(network: nn.Module, names: Sequence[str]) -> Callable[[torch.Tensor], list[torch.Tensor]]:
    """A function from images (N, 3, H, W) to each layer's (N, width), in the order of `names`.

    A stage is averaged over the area of its maps, or over its tokens. Raises `InputError` for an unknown name.
    """
    known = stages(network)
    for name in names:
        if name not in (PENULTIMATE, LOGITS, *known):
            raise unknown_name("layer", name, [PENULTIMATE, *known])

    def run(images: torch.Tensor) -> list[torch.Tensor]:
        seen: dict[str, torch.Tensor] = {}
        hooks = [
            network.get_submodule(name).register_forward_hook(
                lambda _module, _inputs, output, name=name: seen.update({name: _pooled(output, known[name])})
            )
            for name in names
            if name in known
        ]
        try:
            seen[PENULTIMATE] = penultimate(network, images)
            if LOGITS in names:
                seen[LOGITS] = network.get_classifier()(seen[PENULTIMATE])  # type: ignore[operator]
        finally:
            for hook in hooks:
                hook.remove()
        return [seen[name] for name in names]

    return run


def _pooled(output: torch.Tensor, width: int) -> torch.Tensor:
    """(N, width): the mean over every axis but the first and the one that counts the channels."""
    if output.ndim == 4 and output.shape[1] == width:
        return output.mean(dim=(2, 3))
    return output.flatten(1, -2).mean(dim=1) if output.ndim > 2 else output
