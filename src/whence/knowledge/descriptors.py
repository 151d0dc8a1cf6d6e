"""What a target is like, in four facts, so that somebody sees which known targets resemble theirs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from whence.data import Dataset
from whence.data.survey import survey
from whence.errors import InputError
from whence.knowledge.grid import grid_targets
from whence.knowledge.names import plain_name
from whence.knowledge.published import published_datasets
from whence.paths import home, read_json, write_json

CLASSES, IMAGES = 10.0, 1000.0  # a ratio of numbers of classes or images that counts as wholly different
KINDS = {  # what the paper's targets show; its Table I does not say
    "isic2018": "dermatoscopy",
    "chest-xray": "X-ray",
    "pcam-middle": "histopathology",
    "pcam-small": "histopathology",
    "kimia960": "histopathology",
}


@dataclass(frozen=True, slots=True)
class Descriptor:
    """`kind` of image ("X-ray", "histopathology" …; None where nobody said), 1 or 3 `channels`, `classes`, `images`."""

    kind: str | None
    channels: int
    classes: int
    images: int

    def told(self) -> str:
        """The four facts in words."""
        colour = "grey" if self.channels == 1 else "colour"
        kind = f"{self.kind}, " if self.kind else ""
        return f"{kind}{colour}, {self.classes} classes, {self.images:,} images"


def describe(dataset: Dataset) -> Descriptor:
    """The four facts of a dataset at hand; it is surveyed for them.

    Where its card is silent about the kind of image, what a study's file once said of the same images holds.
    """
    seen, kind = survey(dataset), _kind(dataset.card.modality)
    if kind is None and (kept := _kept(dataset)).exists():
        kind = _read(kept)[1].kind
    return Descriptor(kind, int(seen.channels.max()), len(dataset.class_names), len(dataset))


def difference(one: Descriptor, other: Descriptor) -> float:
    """How unlike two targets are, from 0 (alike in all that is known) to 1.

    Gower's coefficient (1971): the mean over the facts known of both. Kind and channels differ or do not; numbers of
    classes and images differ by their ratio, on the log scale, wholly from tenfold and thousandfold on.
    """
    parts = [
        float(one.channels != other.channels),
        min(abs(math.log(one.classes / other.classes)) / math.log(CLASSES), 1.0),
        min(abs(math.log(one.images / other.images)) / math.log(IMAGES), 1.0),
    ]
    if one.kind and other.kind:
        parts.append(float(one.kind != other.kind))
    return sum(parts) / len(parts)


@cache
def shipped_descriptors() -> Mapping[str, Descriptor]:
    """The targets that are shipped by plain name: MedMNIST's own facts, the paper's Table I, our grid's."""
    from whence.data.named.medmnist import facts

    found = {
        known["flag"]: Descriptor(
            _kind(known["modality"]), known["channels"], len(known["labels"]), sum(known["images"].values())
        )
        for known in facts().values()
    }
    for row in published_datasets().to_dict("records"):
        name = str(row["dataset"])
        found[name] = Descriptor(
            KINDS.get(name), int(row["channels"]), int(row["classes"]), int(row["images"])
        )
    for row in grid_targets().to_dict("records"):
        kind = row["kind"] if isinstance(row["kind"], str) else None
        like = Descriptor(kind, row["channels"], row["classes"], row["images"])
        found.setdefault(plain_name(str(row["target"])), like)
    return found


def remember_descriptor(name: str, dataset: Dataset) -> None:
    """Keep what a user's own target is like, beside its outcomes: four facts and its name, no image."""
    write_json(_kept(dataset), {"name": name, **asdict(describe(dataset))})


def known_descriptors() -> dict[str, Descriptor]:
    """The targets that are shipped and the user's own, by plain name."""
    return dict(shipped_descriptors()) | dict(_read(file) for file in sorted(_folder().glob("*.json")))


def _folder() -> Path:
    return home() / "knowledge" / "targets"


def _kept(dataset: Dataset) -> Path:
    return _folder() / f"{dataset.fingerprint}.json"


def _read(file: Path) -> tuple[str, Descriptor]:
    """A target's plain name and its facts."""
    kept: dict[str, Any] = read_json(file)
    try:
        facts = Descriptor(kept["kind"], int(kept["channels"]), int(kept["classes"]), int(kept["images"]))
        return plain_name(str(kept["name"])), facts
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{file} does not describe a target ({error}); delete it: the next run writes it anew"
        ) from error


def _kind(modality: str | None) -> str | None:
    """The kind of image without the part of the body: "X-ray (chest)" is "X-ray"."""
    return modality.partition(" (")[0].partition(",")[0] if modality else None
