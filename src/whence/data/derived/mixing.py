"""One dataset out of several: the union of their images and of their classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from whence.data.address import Option, brackets, possible_addresses, write_mixture
from whence.data.dataset import Dataset, OpenOptions
from whence.data.derived.subsets import stratified_order
from whence.data.stores import Joined
from whence.errors import InputError
from whence.records import Card


def mix(
    datasets: Sequence[Dataset], *, ratio: Sequence[float] | None = None, apart: bool = False, seed: int = 0
) -> Dataset:
    """The images of several datasets as one, such as `mix(paper:dtd, paper:isic2018, ratio=1:2)`.

    With `ratio`, one number per dataset, the largest stratified draw of each in which their sizes stand in it (to
    within one image); without, all images. Classes of one name are one class; with `apart` each class is called
    "dataset/class" instead. Groups of different datasets stay different groups. Raises `InputError`.
    """
    if len(datasets) < 2:
        raise InputError("a mixture takes two datasets at least, such as mix(paper:dtd, paper:isic2018)")
    sizes = _sizes([len(dataset) for dataset in datasets], ratio)
    parts = [_drawn(dataset, size, seed) for dataset, size in zip(datasets, sizes, strict=True)]
    names = [_class_names(dataset, apart) for dataset in datasets]
    union = tuple(dict.fromkeys(name for own in names for name in own))
    if len(union) < sum(map(len, names)) and apart:
        raise InputError(
            "two datasets of a mixture have one name, so that their classes cannot be told apart"
        )
    labels = [
        np.array([union.index(name) for name in own])[part.labels]
        for own, part in zip(names, parts, strict=True)
    ]
    name = _written([dataset.name for dataset in datasets], ratio, apart, seed)
    address = _written([_whole_address(dataset) for dataset in datasets], ratio, apart, seed)
    return Dataset(
        name=name,
        class_names=union,
        labels=np.concatenate(labels),
        images=Joined(tuple(part.images for part in parts)),
        card=_card(datasets, name, sizes),
        address=address if all(dataset.address for dataset in datasets) else "",
        digests=tuple(digest for part in parts for digest in part.digests),
        groups=_groups(datasets, parts),
        splits=_splits(parts),
        options=OpenOptions(skip_unreadable=any(dataset.options.skip_unreadable for dataset in datasets)),
        unreadable=sum(dataset.unreadable for dataset in datasets),
    )


def read_ratio(text: str) -> tuple[float, ...]:
    """The numbers of `1:2`. Raises `InputError`."""
    try:
        return tuple(float(part) for part in text.split(":"))
    except ValueError:
        raise InputError(
            f"ratio={text}: accepted are numbers and colons, one for each dataset, such as 1:2"
        ) from None


def _sizes(counts: list[int], ratio: Sequence[float] | None) -> list[int]:
    if ratio is None:
        return counts
    if len(ratio) != len(counts) or not all(0 < part < float("inf") for part in ratio):
        raise InputError(
            f"ratio {':'.join(f'{part:g}' for part in ratio)} is for a mixture of {len(counts)} datasets; accepted is "
            "one positive number for each, such as 1:2"
        )
    unit = min(count / part for count, part in zip(counts, ratio, strict=True))
    return [min(count, round(unit * part)) for count, part in zip(counts, ratio, strict=True)]


def _drawn(dataset: Dataset, size: int, seed: int) -> Dataset:
    if size == len(dataset):
        return dataset
    if size < len(np.unique(dataset.labels)):
        raise InputError(
            f"this ratio takes {size} images of {dataset.name!r}, fewer than it has classes; take another"
        )
    return dataset.subset(stratified_order(dataset.labels, dataset.digests, seed)[:size])


def _class_names(dataset: Dataset, apart: bool) -> tuple[str, ...]:
    return tuple(f"{dataset.name}/{name}" for name in dataset.class_names) if apart else dataset.class_names


def _groups(datasets: Sequence[Dataset], parts: list[Dataset]) -> np.ndarray | None:
    """The groups, told apart by the dataset that they come from; a dataset that comes in twice keeps its own."""
    if all(part.groups is None for part in parts):
        return None
    origins = [_base(dataset.address) or str(i) for i, dataset in enumerate(datasets)]
    groups: list[str] = []
    for origin, part in zip(origins, parts, strict=True):
        own = [""] * len(part) if part.groups is None else part.groups.tolist()
        groups += [f"{origins.index(origin)}/{group}" if group else "" for group in own]
    return np.array(groups)


def _whole_address(dataset: Dataset) -> str:
    """The address with the columns that the dataset was opened with, which a mixture's own options cannot hold."""
    columns = [
        (key, str(value))
        for key, value in asdict(dataset.options).items()
        if key.endswith("_column") and value
    ]
    known = dict(possible_addresses(dataset.address)[0].options) if dataset.address else {}
    return dataset.address + brackets(option for option in columns if option[0] not in known)


def _base(address: str) -> str:
    return possible_addresses(address)[0].base if address else ""


def _splits(parts: list[Dataset]) -> np.ndarray | None:
    if all(part.splits is None for part in parts):
        return None
    return np.concatenate([np.full(len(p), "") if p.splits is None else p.splits for p in parts])


def _written(names: list[str], ratio: Sequence[float] | None, apart: bool, seed: int) -> str:
    settings: list[Option] = []
    if ratio is not None:
        settings.append(("ratio", ":".join(f"{part:g}" for part in ratio)))
    if seed:
        settings.append(("seed", str(seed)))
    if apart:
        settings.append(("apart", ""))
    return write_mixture(names, settings)


def _card(datasets: Sequence[Dataset], name: str, sizes: list[int]) -> Card:
    cards = [dataset.card for dataset in datasets]
    origins = {card.origin for card in cards}
    return Card(
        name,
        title="mixture of " + " and ".join(card.title or card.name for card in cards),
        origin=origins.pop() if len(origins) == 1 else None,
        modality=_joined([card.modality for card in cards]),
        licence=_joined([card.licence for card in cards]),
        citation=_joined([card.citation for card in cards]),
        preprocessing=_joined([card.preprocessing for card in cards]),
        derivation="; ".join(
            f"{size} of {len(d)} images of {d.name}" for d, size in zip(datasets, sizes, strict=True)
        ),
    )


def _joined(texts: list[str | None]) -> str | None:
    return "; ".join(dict.fromkeys(text for text in texts if text)) or None
