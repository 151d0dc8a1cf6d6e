"""Finds the measures: one file each in this folder, and outsiders' by entry point `whence.measures`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, wraps
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from whence.errors import unknown_name
from whence.measures.contract import Measure
from whence.measures.prepared import Prepared

_NOT_MEASURES = {"__init__", "page"}


def all_measures() -> dict[str, Measure]:
    """Every measure by name, sorted; a built-in keeps its name against an outsider of the same name.

    A measure's file holds a module-level `MEASURE`; an entry point leads to a `Measure`.
    """
    return dict(sorted(_found().items()))


def get(name: str) -> Measure:
    """The measure of that name, or an `InputError` that lists the nearest ones."""
    found = _found()
    if name not in found:
        raise unknown_name("measure", name, found)
    return found[name]


def of_kind(kind: str, names: Sequence[str], otherwise: str) -> list[Measure]:
    """The measures of that kind with these names, or all of the kind where none is named.

    Raises `InputError` for an unknown name, and for one of another kind, to which `otherwise` is the advice.
    """
    known = {name: measure for name, measure in all_measures().items() if measure.kind == kind}
    for name in names:
        if get(name).kind != kind:
            raise unknown_name(kind, name, known, otherwise)
    return [known[name] for name in dict.fromkeys(names)] or list(known.values())


def built_in() -> list[Measure]:
    """The measures of this folder, sorted by name."""
    names = (file.stem for file in sorted(Path(__file__).parent.glob("*.py")))
    modules = [import_module(f"{__package__}.{n}") for n in names if n not in _NOT_MEASURES and n[0] != "_"]
    return [module.MEASURE for module in modules if hasattr(module, "MEASURE")]


@cache
def _found() -> dict[str, Measure]:
    found: dict[str, Measure] = {}
    for point in entry_points(group="whence.measures"):
        measure = point.load()
        if not isinstance(measure, Measure):
            raise TypeError(f"entry point {point.value!r} of whence.measures is no Measure")
        per_fold = measure.per_fold and _plain(measure.per_fold)
        found[measure.name] = replace(measure, compute=_plain(measure.compute), per_fold=per_fold)
    for measure in built_in():
        found[measure.name] = measure
    return found


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, given arrays where features were made ready: only the measures here know `Prepared`."""

    @wraps(function)
    def given_arrays(*arguments: Any, **options: Any) -> Any:
        return function(*(a.features if isinstance(a, Prepared) else a for a in arguments), **options)

    return given_arrays
