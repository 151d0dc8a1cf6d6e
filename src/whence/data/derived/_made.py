"""How a derived dataset is called, where it opens again, and what its card says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from whence.data.address import Option, brackets
from whence.data.dataset import Dataset


def made(dataset: Dataset, parent: Dataset, options: Sequence[Option], sentence: str) -> Dataset:
    """`dataset`, named and carded as what `options` in brackets make of `parent`.

    A dataset made in memory has no address, and neither has what is derived from it. Counts that the parent's card
    expects do not hold any more.
    """
    behind = brackets(options)
    name = parent.name + behind
    derivation = "; ".join(part for part in (parent.card.derivation, sentence) if part)
    card = replace(
        parent.card, name=parent.card.name + behind, derivation=derivation, expected={}, printed={}
    )
    address = parent.address + behind if parent.address else ""
    return replace(dataset, name=name, address=address, card=card)


def seeded(options: Sequence[Option], seed: int) -> list[Option]:
    """Options with the seed that they were drawn with, left out at its default."""
    return [*options, ("seed", str(seed))] if seed else list(options)
