"""The same images under other labels: classes merged under new names, or some classes against the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from whence.data.address import cut_values, escaped, join_names, split_names, unescaped
from whence.data.dataset import Dataset
from whence.data.derived._made import made
from whence.errors import InputError, unknown_name

REST = "*"


def relabel(dataset: Dataset, classes: Mapping[str, Sequence[str]]) -> Dataset:
    """New classes, in the order given, each made of old ones: `{"malignant": ["MEL", "BCC"], "benign": ["*"]}`.

    `"*"` are all old classes that are named nowhere; without it every old class must be named. Raises `InputError`.
    """
    option = ";".join(f"{escaped(new)}:{join_names(old)}" for new, old in classes.items())
    return _relabelled(dataset, classes, ("relabel", option))


def binarise(dataset: Dataset, names: Sequence[str]) -> Dataset:
    """Some classes against the rest: class 0 is "rest", class 1 is called after those named. Raises `InputError`."""
    positive = " or ".join(names)
    return _relabelled(dataset, {"rest": [REST], positive: names}, ("binary", join_names(names)))


def read_classes(value: str) -> dict[str, list[str]]:
    """The mapping that `relabel=new:old|old;new:*` writes. Raises `InputError`."""
    classes: dict[str, list[str]] = {}
    for part in cut_values(value, ";"):
        new, *old = cut_values(part, ":")
        if len(old) != 1 or not new.strip() or unescaped(new) in classes:
            raise InputError(
                f"[relabel={value}]: {part!r} cannot be read; accepted is new:old|old;new:old, such as "
                "[relabel=malignant:MEL|BCC;benign:*], each new class once"
            )
        classes[unescaped(new)] = split_names(old[0])
    return classes


def _relabelled(dataset: Dataset, classes: Mapping[str, Sequence[str]], option: tuple[str, str]) -> Dataset:
    goes_to: dict[str, str] = {}
    rest = None
    for new, old in classes.items():
        for name in old:
            if name == REST:
                rest = new
            elif name not in dataset.class_names:
                raise unknown_name("class", name, dataset.class_names, f"It was asked of {dataset.name}")
            elif name in goes_to:
                raise InputError(f"class {name!r} of {dataset.name!r} is named twice; name each class once")
            else:
                goes_to[name] = new
    left = [name for name in dataset.class_names if name not in goes_to]
    if left and rest is None:
        raise InputError(
            f"class {left[0]!r} of {dataset.name!r} goes to no new class; name all classes, write new:* for the rest, "
            "or first leave it out with classes=…"
        )
    goes_to |= {name: str(rest) for name in left}
    names = tuple(new for new in classes if new in goes_to.values())
    if len(names) < 2:
        raise InputError(f"{dataset.name!r} would have one class only, {names}; at least two are needed")
    numbers = np.array([names.index(goes_to[name]) for name in dataset.class_names])
    sentence = "relabelled: " + "; ".join(
        f"{new} = {', '.join(name for name in dataset.class_names if goes_to[name] == new)}" for new in names
    )
    return made(
        replace(dataset, class_names=names, labels=numbers[dataset.labels]), dataset, [option], sentence
    )
