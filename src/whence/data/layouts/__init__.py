"""The ways in which images and labels lie on disk: one file each, found by scanning this folder.

A layout module has `ORDER` (who is asked first), `recognises(path) -> bool` and
`read(path, options) -> Dataset`. One that understands options in brackets behind a path (`volumes.npz[slices=mip]`)
lists their keys in `OPTIONS` and takes them as keyword arguments of `read`, each as the text behind the `=`.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from whence.data.dataset import Dataset, OpenOptions


class Layout(Protocol):
    """What a layout module offers."""

    ORDER: int

    def recognises(self, path: Path) -> bool:
        """Whether this layout should read what lies at `path` (which exists)."""

    def read(self, path: Path, options: OpenOptions, **said: str) -> Dataset:
        """The dataset at `path`. Raises `InputError`, having written nothing.

        `said` has only keys that the module's `OPTIONS` list, and only those that were given. Neither name nor
        address of what is returned mentions them: `open_dataset` adds the brackets to both.
        """


def known_layouts() -> list[Layout]:
    """All layouts, in the order in which they are asked."""
    modules = [
        import_module(f"{__name__}.{found.name}")
        for found in pkgutil.iter_modules(__path__)
        if not found.name.startswith("_")
    ]
    return sorted((cast(Layout, module) for module in modules), key=lambda layout: layout.ORDER)
