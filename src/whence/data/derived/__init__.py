"""Datasets made from other datasets: each asked for in brackets behind an address, or by a function of the same name.

A derivation is a function `(dataset, value, seed) -> Dataset` under the key that the brackets use. What it makes has a
fingerprint of its own (other images, labels or digests), a card that says how it was made, and an address that opens
it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from whence.data.address import Option, split_values
from whence.data.dataset import Dataset
from whence.data.derived.subsets import ladder, only_classes, stratified
from whence.errors import InputError, unknown_name

__all__ = ["DERIVATIONS", "DERIVATION_KEYS", "derive", "ladder", "only_classes", "stratified"]

Derivation = Callable[[Dataset, str, int], Dataset]

DERIVATIONS: dict[str, Derivation] = {
    "n": lambda dataset, value, seed: stratified(dataset, n=_whole("n", value), seed=seed),
    "share": lambda dataset, value, seed: stratified(dataset, share=_number("share", value), seed=seed),
    "classes": lambda dataset, value, _: only_classes(dataset, split_values(value, "|")),
}
SEED = "seed"  # no derivation: it belongs to the draw that it follows, [n=1000,seed=3]
DERIVATION_KEYS = (*DERIVATIONS, SEED)


def derive(dataset: Dataset, options: Iterable[Option]) -> Dataset:
    """Apply derivations in the order given. Raises `InputError` for an unknown one, or a wrong value."""
    for key, value, seed in _steps(dataset, options):
        dataset = DERIVATIONS[key](dataset, value, seed)
    return dataset


def _steps(dataset: Dataset, options: Iterable[Option]) -> list[tuple[str, str, int]]:
    steps: list[tuple[str, str, int]] = []
    for key, value in options:
        if key == SEED and steps and steps[-1][0] in ("n", "share"):
            steps[-1] = (*steps[-1][:2], _whole(SEED, value))
        elif key == SEED:
            raise InputError(
                f"[seed={value}] of {dataset.name!r} follows no draw; accepted is [n=1000,seed={value}]"
            )
        elif key not in DERIVATIONS:
            raise unknown_name("option", key, DERIVATION_KEYS, f"It was asked of {dataset.name}")
        else:
            steps.append((key, value, 0))
    return steps


def _whole(key: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise InputError(f"[{key}={value}]: accepted is a whole number, such as [{key}=1000]") from None


def _number(key: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise InputError(f"[{key}={value}]: accepted is a number, such as [{key}=0.1]") from None
