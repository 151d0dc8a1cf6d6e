"""Finds the engines: one file each in this folder, and outsiders' by entry point `whence.engines`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from whence.errors import InputError, unknown_name
from whence.study.engines.contract import Engine, EngineKind


def all_engines() -> dict[str, EngineKind]:
    """Every engine by name, sorted; a built-in keeps its name against an outsider of the same name."""
    return dict(sorted(_found().items()))


def make_engine(
    name: str, options: Mapping[str, Any] | None = None, *, device: str = "cpu", workers: int | None = None
) -> Engine:
    """The engine of this name with these options, for jobs on `device`; `workers` is the option of that name.

    Raises `InputError` for an unknown engine or option, and where the engine's extra is not installed.
    """
    if name not in _found():
        raise unknown_name("engine", name, _found())
    kind = _found()[name]
    given = dict(options or {}) | ({} if workers is None else {"workers": workers})
    try:
        chosen = kind.options.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            raise unknown_name(f"option of engine {name!r}", field, kind.options.model_fields) from error
        raise InputError(
            f"engine {name!r}, option {field!r}: found {first['input']!r}; {first['msg']}"
        ) from error
    return kind.make(chosen, device)


@cache
def _found() -> dict[str, EngineKind]:
    found: dict[str, EngineKind] = {}
    for point in entry_points(group="whence.engines"):
        kind = point.load()
        if not isinstance(kind, EngineKind):
            raise TypeError(f"entry point {point.value!r} of whence.engines is no EngineKind")
        found[kind.name] = kind
    for file in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        module = import_module(f"{__package__}.{file.stem}")
        if hasattr(module, "ENGINE"):
            found[module.ENGINE.name] = module.ENGINE
    return found
