"""Image sets of the Hugging Face hub, `hf:USER/NAME` or `hf:USER/NAME:CONFIG`, by the `datasets` library (extra `hf`).

Which column is which is read from the columns' types and names, or said: `[image=…]`, `[target=…]`, `[group=…]`. Where
an image has several labels, `[label=…]` opens one of them against the rest. Nobody's code is run to read a set: the
library refuses dataset scripts since its release 4.
"""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

from whence.data.dataset import Dataset, class_order
from whence.data.images import decode
from whence.data.layouts._columns import guess
from whence.data.layouts._shared import split_name
from whence.data.stores import Joined, select
from whence.errors import InputError, unknown_name
from whence.records import Card

log = logging.getLogger(__name__)

SCHEME = "hf"
NAMES: tuple[str, ...] = ()  # any set of the hub
HUB_PATIENCE = 5  # seconds
OPTIONS = ("image", "target", "group", "label")


def canonical(name: str) -> str | None:
    """The name itself: whether the hub has such a set is seen when it is opened."""
    return name if name.strip(":") else None


def card(name: str) -> Card:
    """What is known of a set without reading it: the hub's page has its licence."""
    repository = name.partition(":")[0]
    return Card(
        f"{SCHEME}:{name}",
        repository,
        url=f"https://huggingface.co/datasets/{repository}",
        obtain="fetched by the datasets library into its own cache (HF_HOME)",
        verified="the hub's own hashes",
    )


def open(
    name: str,
    image: str | None = None,
    target: str | None = None,
    group: str | None = None,
    label: str | None = None,
) -> Dataset:
    """A set of the hub with its splits; fetched if it is not at hand. Raises `InputError`."""
    called = f"{SCHEME}:{name}"
    parts = _load(name)
    facts = next(iter(parts.values())).info
    features = facts.features
    columns = _Columns.find(called, features, image, target, group)
    rows = [
        _Rows(_undecoded(part, columns.image), columns.image, f"{called} {s}") for s, part in parts.items()
    ]
    answers = [answer for part in parts.values() for answer in part[columns.target][:]]
    groups = [str(own) for part in parts.values() for own in part[columns.group][:]] if columns.group else []
    splits = np.repeat([split_name(split) or "" for split in parts], [len(part) for part in parts.values()])
    class_names, numbers = _classes(called, features[columns.target], columns.target, answers, label)
    kept = np.flatnonzero(numbers >= 0)
    if len(kept) < len(numbers):  # the hub's test splits are often published without labels
        log.warning(
            "%s: %d of %d images have no label and are left out",
            called,
            len(numbers) - len(kept),
            len(numbers),
        )
    if len(np.unique(numbers[kept])) < 2:
        raise InputError(
            f"{called} has fewer than two classes in column {columns.target!r}; name another: [target=…]"
        )
    return Dataset(
        called,
        class_names,
        numbers[kept],
        select(Joined(tuple(rows)), kept.tolist()),
        replace(card(name), licence=facts.license or None, citation=(facts.citation or "").strip() or None),
        groups=np.array(groups)[kept] if groups else None,
        splits=splits[kept] if any(splits) else None,
    )


@dataclass(frozen=True)
class _Columns:
    image: str
    target: str
    group: str | None

    @classmethod
    def find(
        cls, called: str, features: Any, image: str | None, target: str | None, group: str | None
    ) -> _Columns:
        """The columns that were named, else the first image, the first class label, and a usual name for groups."""
        header = tuple(features)
        for key, column in (("image", image), ("target", target), ("group", group)):
            if column is not None and column not in header:
                raise unknown_name("column", column, header, f"It was asked for by [{key}=…] of {called}")
        image = image or next((c for c in header if type(features[c]).__name__ == "Image"), None)
        target = (
            target or next((c for c in header if _names_classes(features[c])), None) or guess(header, "label")
        )
        for key, kind, column in (("image", "images", image), ("target", "class labels", target)):
            if column is None:
                raise InputError(
                    f"{called} has no column of {kind} that could be guessed: its columns are {', '.join(header)}; "
                    f"name one: {called}[{key}=…]"
                )
        assert image is not None
        assert target is not None
        if type(features[image]).__name__ != "Image":
            raise InputError(f"{called}: column {image!r} holds no images; name another: {called}[image=…]")
        return cls(image, target, group or guess(tuple(c for c in header if c != image), "group"))


@dataclass(frozen=True, eq=False)
class _Rows:
    """The images of one split, encoded as the hub has them; decoded as any image file is."""

    rows: Any
    column: str
    called: str

    def __len__(self) -> int:
        """How many rows."""
        return len(self.rows)

    def open(self, i: int, draft: int | None = None) -> Image.Image:
        """Image `i`; see `ImageStore.open`."""
        return decode(self._bytes(i), self.describe(i), draft)

    def digest(self, i: int) -> str:
        """The sha256 of the encoded image."""
        return hashlib.sha256(self._bytes(i)).hexdigest()

    def describe(self, i: int) -> str:
        """Set, split and row."""
        return f"{self.called}, row {i}"

    def _bytes(self, i: int) -> bytes:
        held = self.rows[i][self.column] or {
            "bytes": b""
        }  # a row without an image cannot be decoded, that is all
        if held.get("bytes") is not None:
            return bytes(held["bytes"])
        try:
            return Path(held["path"]).read_bytes()
        except OSError as error:
            raise InputError(
                f"{self.describe(i)} cannot be read: {held['path']!r}, {error.strerror}"
            ) from error


def _hub_answers() -> bool:
    from huggingface_hub import constants

    hub = urlsplit(constants.ENDPOINT)
    port = hub.port or (443 if hub.scheme == "https" else 80)
    try:
        with socket.create_connection((hub.hostname or "", port), timeout=HUB_PATIENCE):
            return True
    except OSError:
        return False


def _classes(
    called: str, feature: Any, column: str, answers: list[Any], label: str | None
) -> tuple[tuple[str, ...], np.ndarray]:
    """The class names and the number of each image's class, -1 where it has none."""
    if type(feature).__name__ in ("List", "LargeList", "Sequence"):
        return _finding(called, feature.feature, column, answers, label)
    if label is not None:
        raise InputError(
            f"{called}: column {column!r} has one label per image; label=… is for several: leave it out"
        )
    if type(feature).__name__ == "ClassLabel":
        return tuple(feature.names), np.array([-1 if answer is None else answer for answer in answers])
    texts = ["" if answer is None else str(answer).strip() for answer in answers]
    names = class_order(set(texts) - {""})
    position = {name: i for i, name in enumerate(names)} | {"": -1}
    return names, np.array([position[text] for text in texts])


def _finding(
    called: str, feature: Any, column: str, answers: list[Any], label: str | None
) -> tuple[tuple[str, ...], np.ndarray]:
    """One of several labels against the rest."""
    known = list(getattr(feature, "names", None) or [])
    lists = [[] if answer is None else [known[a] if known else str(a) for a in answer] for answer in answers]
    names = known or sorted({name for own in lists for name in own})
    if label is None:
        raise InputError(
            f"{called} has several labels per image in column {column!r}, and an image has one class here; open one "
            f"of them against the rest: {called}[label={names[0] if names else '…'}]. It has {', '.join(names[:30])}"
        )
    found = next((name for name in names if name.lower() == label.lower()), None)
    if found is None:
        raise unknown_name("finding", label, names, f"It was asked of {called}")
    return (f"no {found}", found), np.array([int(found in own) for own in lists])


def _names_classes(feature: Any) -> bool:
    inner = getattr(feature, "feature", feature)
    return type(inner).__name__ == "ClassLabel"


def _undecoded(rows: Any, column: str) -> Any:
    import datasets

    return rows.select_columns([column]).cast_column(column, datasets.Image(decode=False))


def _load(name: str) -> dict[str, Any]:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        import datasets
        from huggingface_hub import constants
    except ImportError as error:
        raise InputError(
            "sets of the Hugging Face hub need the datasets library: pip install 'whence[hf]'"
        ) from error
    repository, _, config = name.partition(":")
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
    if not _hub_answers():  # the library would try for half a minute before it looks into its cache
        datasets.config.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE = True
    try:
        found = datasets.load_dataset(repository, config or None)
    except Exception as error:  # the library raises a dozen kinds, of several libraries
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{SCHEME}:{name} could not be opened ({reason}); check the name and its configuration at "
            f"https://huggingface.co/datasets/{repository}, and that this machine has a network or the set in its cache"
        ) from error
    return dict(found)
