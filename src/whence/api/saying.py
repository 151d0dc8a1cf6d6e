"""Progress of a function that is called from Python."""

from __future__ import annotations

from collections.abc import Callable

Say = Callable[[str], None]


def silent(line: str) -> None:
    """Say nothing: the progress of a function called from Python."""
