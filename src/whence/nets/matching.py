"""Which tensor of a weights file belongs where in a network, whatever the file's maker calls it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass

import torch
from torch import nn

from whence.nets.backbone import head_names
from whence.nets.layouts import Layout, Tensors, known_layouts

NAMED = 3  # tensors that a line names
COUNTER = "num_batches_tracked"


@dataclass(frozen=True)
class Match:
    """A file's tensors under a network's names, and what did not match.

    `tensors` holds backbone and head, in the network's shapes but for a head of other classes. `absent` and `differing`
    are names of the network's backbone that the file lacks or holds in another shape; `unused` are names in the file
    for which the network has no place.
    """

    layout: Layout
    tensors: dict[str, torch.Tensor]
    absent: list[str]
    differing: list[str]
    unused: list[str]

    @property
    def whole(self) -> bool:
        """Whether the backbone gets every tensor."""
        return not self.absent and not self.differing

    def told(self) -> str:
        """What was taken and what was not, in one line."""
        parts = [f"{len(self.tensors)} tensors, {self.layout.title}"]
        if self.unused:
            parts.append(f"not used: {_some(self.unused)}")
        return "; ".join(parts)

    def lacking(self) -> str:
        """What the backbone does not get, in one line; empty where it gets everything."""
        parts = [f"{len(self.absent)} tensors are missing ({_some(self.absent)})"] if self.absent else []
        if self.differing:
            parts.append(f"{len(self.differing)} have another shape ({_some(self.differing)})")
        return " and ".join(parts)


def match(network: nn.Module, tensors: Tensors) -> Match:
    """Find the layout under which most of the backbone's tensors are in the file; timm's own names come first.

    A prefix that the names in the file share (`module.`, `backbone.`, `encoder_q.` …) is found and taken off.
    """
    return max((_matched(network, tensors, layout) for layout in known_layouts()), key=_closeness)


def backbone_names(network: nn.Module) -> list[str]:
    """The names of a network's tensors but for its head's and the counters of batches."""
    heads = tuple(f"{name}." for name in head_names(network))
    return [n for n in network.state_dict() if not n.startswith(heads) and not n.endswith(COUNTER)]


def without_prefix(names: Iterable[str], known: Container[str]) -> dict[str, str]:
    """Name → what is left of it without the prefix under which most names are known."""
    names = list(names)
    counts: Counter[str] = Counter()
    for name in names:
        start = 0
        while start >= 0:
            if name[start:] in known:
                counts[name[:start]] += 1
            start = name.find(".", start) + 1 or -1
    prefix = max(counts, key=lambda p: (counts[p], -len(p))) if counts else ""
    return {name: name[len(prefix) :] if name.startswith(prefix) else name for name in names}


def _matched(network: nn.Module, tensors: Tensors, layout: Layout) -> Match:
    own, theirs = network.state_dict(), layout.names(network)
    changed = layout.values(tensors) if theirs else tensors
    found: dict[str, torch.Tensor] = {}
    unused = []
    for name, short in without_prefix(changed, theirs).items():
        if short in theirs and theirs[short] not in found:
            found[theirs[short]] = _shaped(changed[name], own[theirs[short]])
        elif not name.endswith(COUNTER):
            unused.append(name)
    wanted = backbone_names(network)
    return Match(
        layout,
        found,
        [n for n in wanted if n not in found],
        [n for n in wanted if n in found and found[n].shape != own[n].shape],
        sorted(unused),
    )


def _closeness(match: Match) -> tuple[int, int]:
    return -len(match.absent) - len(match.differing), -len(match.absent)


def _shaped(tensor: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """A kernel of 1 × 1 for a matrix and the other way round; anything else as it is."""
    squeezed = [size for size in tensor.shape if size != 1] == [size for size in like.shape if size != 1]
    return tensor.reshape(like.shape) if squeezed else tensor


def _some(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
