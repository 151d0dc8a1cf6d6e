"""Datasets made from other datasets: each asked for in brackets behind an address, or by a function of its own.

What they make has a fingerprint of its own (other images, labels or digests), a card that says how it was made, and an
address that opens it again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from whence.data.address import LADDER, Option, split_names
from whence.data.dataset import Dataset
from whence.data.derived.looks import grey, resize
from whence.data.derived.mixing import mix, read_ratio
from whence.data.derived.relabelling import binarise, read_classes, relabel
from whence.data.derived.subsets import ladder, only_classes, stratified
from whence.errors import InputError, unknown_name

__all__ = [
    "DERIVATION_KEYS",
    "binarise",
    "derive",
    "grey",
    "ladder",
    "mix",
    "only_classes",
    "read_ratio",
    "relabel",
    "resize",
    "stratified",
    "whole",
]


Derivation = Callable[[Dataset, str, int], Dataset]  # (dataset, what stands behind the =, seed) -> dataset


def _resize(dataset: Dataset, value: str, seed: int) -> Dataset:
    size = re.fullmatch(r"(\d{1,5})(?:\s*[x×]\s*(\d{1,5}))?", value)
    if size is None:
        raise InputError(
            f"[resize={value}]: accepted is a side or height x width in pixels, [resize=112] or [resize=96x128]"
        )
    return resize(dataset, int(size[1]), int(size[2]) if size[2] else None)


def _ladder(dataset: Dataset, value: str, seed: int) -> Dataset:
    raise InputError(
        f"[ladder={value}] stands for several datasets; it is accepted in a study file's sources and targets: "
        "elsewhere name one step, such as [n=100]"
    )


def _grey(dataset: Dataset, value: str, seed: int) -> Dataset:
    if value:
        raise InputError(f"[grey={value}]: accepted is [grey] alone")
    return grey(dataset)


DERIVATIONS: dict[str, Derivation] = {
    "n": lambda dataset, value, seed: stratified(dataset, n=whole("n", value), seed=seed),
    "share": lambda dataset, value, seed: stratified(dataset, share=_number("share", value), seed=seed),
    LADDER: _ladder,
    "classes": lambda dataset, value, seed: only_classes(dataset, split_names(value)),
    "relabel": lambda dataset, value, seed: relabel(dataset, read_classes(value)),
    "binary": lambda dataset, value, seed: binarise(dataset, split_names(value)),
    "grey": _grey,
    "resize": _resize,
}
DRAWS = ("n", "share")
SEED = "seed"  # no derivation: it belongs to the draw that it follows, [n=1000,seed=3]
DERIVATION_KEYS = (*DERIVATIONS, SEED)


def derive(dataset: Dataset, options: Iterable[Option]) -> Dataset:
    """Apply derivations in the order given. Raises `InputError` for an unknown one, or a wrong value."""
    for key, value, seed in _steps(dataset, options):
        dataset = DERIVATIONS[key](dataset, value, seed)
    return dataset


def whole(key: str, value: str) -> int:
    """The whole number that an option gives. Raises `InputError`."""
    if not re.fullmatch(r"\d{1,12}", value):
        raise InputError(f"[{key}={value}]: accepted is a whole number, such as [{key}=1000]")
    return int(value)


def _steps(dataset: Dataset, options: Iterable[Option]) -> list[tuple[str, str, int]]:
    steps: list[tuple[str, str, int]] = []
    for key, value in options:
        if key == SEED and steps and steps[-1][0] in DRAWS:
            steps[-1] = (*steps[-1][:2], whole(SEED, value))
        elif key == SEED:
            raise InputError(
                f"[seed={value}] of {dataset.name!r} follows no draw; accepted is [n=1000,seed={value}]"
            )
        elif key not in DERIVATIONS:
            raise unknown_name("option", key, DERIVATION_KEYS, f"It was asked of {dataset.name}")
        else:
            steps.append((key, value, 0))
    return steps


def _number(key: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise InputError(f"[{key}={value}]: accepted is a number, such as [{key}=0.1]") from None
