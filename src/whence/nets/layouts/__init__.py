"""How weights files of other makers name and shape their tensors: one file per layout, found by scanning this folder.

A layout's file holds a module-level `LAYOUT`. An outsider's comes by entry point `whence.layouts`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

import torch
from torch import nn

Tensors = Mapping[str, torch.Tensor]


def _as_they_are(tensors: Tensors) -> Tensors:
    return tensors


def _nothing(network: nn.Module) -> None:
    pass


@dataclass(frozen=True)
class Layout:
    """One way of naming a network's tensors.

    `names(network)` gives, for the timm network that is to be filled, their name of each tensor → the network's name of
    it; an empty mapping where the layout has no such network. A tensor may be stored under another shape with as many
    values. `values` changes a file's tensors before they are named (their names stay theirs); `adjust` changes what
    the makers compute otherwise (strides, epsilons), so that the network is the same function as theirs.
    """

    title: str
    names: Callable[[nn.Module], Mapping[str, str]]
    values: Callable[[Tensors], Tensors] = _as_they_are
    adjust: Callable[[nn.Module], None] = _nothing


@cache
def known_layouts() -> tuple[Layout, ...]:
    """All layouts, timm's own first, then the others by their files' names."""
    stems = sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))
    own = [import_module(f"{__name__}.{stem}").LAYOUT for stem in sorted(stems, key=lambda s: s != "timm")]
    found = [*own, *(point.load() for point in entry_points(group="whence.layouts"))]
    for layout in found:
        if not isinstance(layout, Layout):
            raise TypeError(f"{layout!r} of the entry points whence.layouts is no Layout")
    return tuple(found)
