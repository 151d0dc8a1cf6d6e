"""Datasets that are opened by name, `scheme:name`: one file each, found by scanning this folder.

A module has `SCHEME: str`, `NAMES: tuple[str, ...]`, `open(name) -> Dataset` and `card(name) -> Card`. It may have
`OPTIONS: tuple[str, ...]`, keys of options in brackets that `open` takes as keyword arguments (each a text), and
`canonical(name) -> str | None` for names that it takes beside those it lists: other spellings, sizes, ids.
Outsiders' modules come by entry points in the group `whence.datasets`. Several may share a scheme.
"""

from __future__ import annotations

import logging
import pkgutil
from importlib import import_module
from importlib.metadata import entry_points
from typing import Protocol, cast

from whence.data.dataset import Dataset
from whence.errors import unknown_name
from whence.records import Card

log = logging.getLogger(__name__)


class NamedDatasets(Protocol):
    """What a module of named datasets offers."""

    SCHEME: str
    NAMES: tuple[str, ...]

    def open(self, name: str, **said: str) -> Dataset:
        """The dataset called `name`. Raises `InputError` where it is not at hand, saying how to get it."""

    def card(self, name: str) -> Card:
        """Facts about the dataset called `name`, without opening it."""


def modules() -> list[NamedDatasets]:
    """Every module of named datasets. An outsider's that fails to load is logged and left out."""
    found = [
        cast(NamedDatasets, import_module(f"{__name__}.{module.name}"))
        for module in pkgutil.iter_modules(__path__)
        if not module.name.startswith("_")
    ]
    for entry in entry_points(group="whence.datasets"):
        try:
            module = cast(NamedDatasets, entry.load())
            _ = (module.SCHEME, module.NAMES, module.open, module.card)
        except Exception as error:  # somebody else's code: it must not take our own datasets with it
            log.warning("the datasets of %s cannot be loaded: %s", entry.value, error)
        else:
            found.append(module)
    return found


def known_schemes() -> set[str]:
    """The schemes that a named dataset may have."""
    return {module.SCHEME for module in modules()}


def known_names() -> list[str]:
    """All named datasets as `scheme:name`, sorted."""
    return sorted(f"{module.SCHEME}:{name}" for module in modules() for name in module.NAMES)


def open_named(address: str, **said: str) -> Dataset:
    """The dataset called `scheme:name`. Raises `InputError` for a name that is unknown, with near ones."""
    module, name = _find(address)
    return module.open(name, **said)


def options_of(address: str) -> tuple[str, ...]:
    """The options that the reader of the dataset called `scheme:name` understands. Raises `InputError`."""
    return tuple(getattr(_find(address)[0], "OPTIONS", ()))


def card_of(address: str) -> Card:
    """The card of the dataset called `scheme:name`, without opening it. Raises `InputError`."""
    module, name = _find(address)
    return module.card(name)


def _find(address: str) -> tuple[NamedDatasets, str]:
    """The module that has a name, and the name's usual spelling."""
    scheme, _, name = address.partition(":")
    for module in modules():
        if scheme == module.SCHEME:
            canonical = getattr(module, "canonical", lambda name: None)
            found = name if name in module.NAMES else canonical(name)
            if found is not None:
                return module, found
    raise unknown_name("dataset", address, known_names(), "`whence datasets` lists all")
