"""Which 2D images stand for a volume: its central slice, its maximum projection, or every k-th slice."""

from __future__ import annotations

import re
from dataclasses import dataclass

from whence.errors import InputError

ACCEPTED = (
    "accepted are slices=central, slices=mip (maximum projection) and slices=every:4 (each fourth slice)"
)


@dataclass(frozen=True)
class Slices:
    """A way to make 2D images of a volume: "central", "mip", or "every" with a `step` of 1 or more."""

    kind: str = "central"
    step: int = 1

    def of(self, depth: int) -> tuple[tuple[int, ...], ...]:
        """For each image the numbers of the slices, of `depth` (at least 1), whose maximum it is.

        Every k-th slice starts half a step from the first one; where that is beyond the last, the central one is
        taken, so that each volume has an image.
        """
        if self.kind == "mip":
            return (tuple(range(depth)),)
        if self.kind == "every" and self.step // 2 < depth:
            return tuple((number,) for number in range(self.step // 2, depth, self.step))
        return ((depth // 2,),)


def parse_slices(text: str) -> Slices:
    """The way that `slices=TEXT` behind an address asks for. Raises `InputError`."""
    every = re.fullmatch(r"every:([0-9]{1,9})", text)
    if every and int(every[1]) > 0:
        return Slices("every", int(every[1]))
    if text in ("central", "mip"):
        return Slices(text)
    raise InputError(f"slices is {text!r}; {ACCEPTED}")
