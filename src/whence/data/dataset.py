"""The dataset: images and labels with their groups and splits, in an order that content alone decides."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from whence.data.stores import ImageStore, select
from whence.data.threads import in_threads
from whence.records import Card

Labels = npt.NDArray[np.int64]
Strings = npt.NDArray[np.str_]


@dataclass(frozen=True)
class OpenOptions:
    """What a user said when opening a dataset; with its address, enough to open it again elsewhere.

    `open_dataset(dataset.address, **dataclasses.asdict(dataset.options))`.
    """

    image_column: str | None = None
    label_column: str | None = None
    split_column: str | None = None
    group_column: str | None = None
    skip_unreadable: bool = False

    @property
    def names_columns(self) -> bool:
        """Whether any column of a table was named."""
        return any((self.image_column, self.label_column, self.split_column, self.group_column))


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """A labelled image classification task.

    At construction the images are put into canonical order, sorted by (digest, class, split, group), so that
    a moved or renamed folder has the same order, hence the same folds and caches. All arrays have one entry
    per image: `labels` int64 (N,), numbers into `class_names`; `groups` text (N,) or None, "" meaning that
    this image's group is unknown (it stands alone); `splits` "train", "val", "test" or "" (N,), or None.
    `digests` are computed from `images` when left empty. `address` and `options` open it again;
    `unreadable` counts images that were left out. Raises ValueError where the parts do not fit together.
    """

    name: str
    class_names: tuple[str, ...]
    labels: Labels
    images: ImageStore
    card: Card
    address: str = ""
    digests: tuple[str, ...] = ()
    groups: Strings | None = None
    splits: Strings | None = None
    options: OpenOptions = field(default_factory=OpenOptions)
    unreadable: int = 0

    def __post_init__(self) -> None:
        labels = np.asarray(self.labels, dtype=np.int64)
        count = len(labels)
        digests = self.digests or tuple(in_threads(self.images.digest, len(self.images)))
        groups = None if self.groups is None else np.asarray(self.groups, dtype=np.str_)
        splits = None if self.splits is None else np.asarray(self.splits, dtype=np.str_)
        lengths = {len(self.images), len(digests), count}
        lengths |= {len(column) for column in (groups, splits) if column is not None}
        if len(lengths) != 1 or count == 0 or labels.ndim != 1:
            raise ValueError(f"{self.name}: one label, digest, group and split per image, not {lengths}")
        if len(set(self.class_names)) != len(self.class_names):
            raise ValueError(f"{self.name}: class names repeat: {self.class_names}")
        if labels.min() < 0 or labels.max() >= len(self.class_names):
            raise ValueError(f"{self.name}: labels must number the {len(self.class_names)} class names")
        if splits is not None and not set(splits) <= {"train", "val", "test", ""}:
            raise ValueError(f"{self.name}: splits are train, val and test, not {sorted(set(splits))}")

        keys = [
            (digests[i], self.class_names[labels[i]], _at(splits, i), _at(groups, i)) for i in range(count)
        ]
        order = sorted(range(count), key=keys.__getitem__)
        moved = order != list(range(count))
        new = {
            "labels": labels[order],
            "images": select(self.images, order) if moved else self.images,
            "digests": tuple(digests[i] for i in order),
            "groups": None if groups is None else groups[order],
            "splits": None if splits is None else splits[order],
        }
        for name, value in new.items():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        """A short one, for messages and notebooks."""
        return f"Dataset({self.name!r}, {len(self)} images, {len(self.class_names)} classes)"

    def __len__(self) -> int:
        """How many images there are."""
        return len(self.labels)

    @cached_property
    def fingerprint(self) -> str:
        """What this dataset is, as 64 hex digits: its images, labels, splits and groups; nothing of paths.

        The order of the class names belongs to it, because it numbers the labels and so the columns of
        every prediction.
        """
        digest = hashlib.sha256(_line(list(self.class_names)))
        for i, image in enumerate(self.digests):  # already sorted
            class_name = self.class_names[self.labels[i]]
            digest.update(_line([image, class_name, _at(self.splits, i), _at(self.groups, i)]))
        return digest.hexdigest()

    def subset(self, indices: Sequence[int] | npt.NDArray[np.integer]) -> Dataset:
        """The images at `indices` (any order, no repeats): same class names, canonical order again.

        Its address still opens the whole dataset. Raises ValueError for repeated or no indices.
        """
        chosen = np.asarray(indices, dtype=np.int64)
        if len(np.unique(chosen)) != len(chosen):
            raise ValueError("the indices of a subset must not repeat")
        return replace(
            self,
            labels=self.labels[chosen],
            images=select(self.images, chosen.tolist()),
            digests=tuple(self.digests[i] for i in chosen),
            groups=None if self.groups is None else self.groups[chosen],
            splits=None if self.splits is None else self.splits[chosen],
        )

    def class_counts(self) -> dict[str, int]:
        """How many images each class has, in the order of the class names."""
        counts = np.bincount(self.labels, minlength=len(self.class_names))
        return {name: int(n) for name, n in zip(self.class_names, counts, strict=True)}


def class_order(names: set[str]) -> tuple[str, ...]:
    """Class names in the order in which they are numbered: by number if all are numbers, else by letter."""
    if all(name.isascii() and name.isdigit() for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))


def _at(column: Strings | None, i: int) -> str:
    return "" if column is None else str(column[i])


def _line(parts: list[str]) -> bytes:
    # JSON keeps the parts apart whatever they hold; its escapes also take names that are not valid UTF-8
    return json.dumps(parts).encode("ascii") + b"\n"
