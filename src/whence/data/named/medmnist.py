"""The MedMNIST collection: 2D sets at 28, 64, 128 and 224 pixels, 3D sets at 28 and 64.

`medmnist:breast`, `medmnist:path@224`; `breastmnist` is another spelling of `breast`. The facts in `medmnist.json` are
those of the medmnist package, 3.0.2. A volume becomes 2D images by `[slices=…]`, as in any .npz of volumes; a set with
several labels per image opens one finding at a time, `[label=…]`.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from whence.data.archives import unpack
from whence.data.dataset import Dataset, OpenOptions
from whence.data.download import Remote
from whence.data.layouts import Layout, npz
from whence.data.named._shelf import fetched, shelf
from whence.data.stores import ArrayStore, Joined
from whence.errors import InputError, unknown_name
from whence.paths import home
from whence.records import Card

SCHEME = "medmnist"
OPTIONS = ("label", "slices")
HOST = "https://zenodo.org/records/10519652/files"
SPLITS = ("train", "val", "test")
IN_MEMORY = 300_000_000  # bytes of arrays; larger ones are unpacked and mapped into memory


@cache
def facts() -> dict[str, dict[str, Any]]:
    """What is known of each set: labels, images per split, sizes with their MD5, licence."""
    text = (files("whence.data.named") / "medmnist.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = json.loads(text)
    return found


NAMES = tuple(facts())


def canonical(name: str) -> str | None:
    """The usual spelling of a name: `chestmnist@28` is `chest`. Raises `InputError` for a size that does not exist."""
    base, at, size = name.partition("@")
    base = base.removesuffix("mnist") if base.endswith("mnist") else base.replace("mnist3d", "3d")
    if base not in facts():
        return None
    sizes = facts()[base]["md5"]
    if at and size not in sizes:
        raise InputError(f"{SCHEME}:{name}: there is no size {size!r}; accepted are {', '.join(sizes)}")
    return base if size in ("", "28") else f"{base}@{size}"


def card(name: str) -> Card:
    """The card of a set, at one of its sizes."""
    base, size, known = _known(name)
    remote = _remote(base, size)
    counts = {"volumes" if base.endswith("3d") else "images": sum(known["images"].values())}
    if not _several(known):
        counts["classes"] = len(known["labels"])
    return Card(
        f"{SCHEME}:{name}",
        f"{known['flag']}, {size} pixels",
        "medical",
        known["modality"],
        known["licence"],
        "Yang et al.: MedMNIST v2, a large-scale lightweight benchmark for 2D and 3D biomedical image classification. "
        "Scientific Data 10:41 (2023); and the set's own origin, named at its page",
        "https://medmnist.com/",
        preprocessing="no patient ids are published with it: folds cut anew may have one patient on both sides",
        obtain=f"fetched from {remote.url}",
        verified="MD5 of the file",
        expected=counts,
    )


def open(name: str, label: str | None = None, slices: str | None = None) -> Dataset:
    """A set with its official splits; fetched if not at hand. `label`: one finding of several; `slices`: of volumes."""
    base, size, known = _known(name)
    own = card(name)
    volumes = base.endswith("3d")
    if slices is not None and not volumes:
        raise InputError(f"{own.name} holds 2D images; slices=… is for volumes: leave it out")
    if label is not None and not _several(known):
        raise InputError(f"{own.name} has one label per image; label=… is for several: leave it out")
    finding = _finding(own.name, known, label) if _several(known) else None
    file = fetched(own, _remote(base, size), shelf("medmnist"))
    if volumes:
        layout: Layout = npz  # type: ignore[assignment]
        said = {} if slices is None else {"slices": slices}
        dataset = layout.read(file, OpenOptions(), **said)
        names = tuple(known["labels"][int(number)] for number in dataset.class_names)
        return replace(dataset, name=own.name, class_names=names, card=own)
    return _pictures(own, file, known["labels"], finding)


def _pictures(own: Card, file: Path, names: list[str], finding: int | None) -> Dataset:
    arrays = _arrays(file)
    labels = np.concatenate([arrays[f"{split}_labels"] for split in SPLITS]).astype(np.int64)
    if finding is not None:
        labels = labels[:, finding]
        names = [f"no {names[finding]}", names[finding]]
    stores = tuple(ArrayStore(arrays[f"{split}_images"], f"{file.name}, {split}") for split in SPLITS)
    splits = np.repeat(SPLITS, [len(store) for store in stores])
    return Dataset(own.name, tuple(names), labels.reshape(-1), Joined(stores), own, splits=splits)


def _arrays(file: Path) -> dict[str, npt.NDArray[Any]]:
    """The arrays of an .npz file, in memory where they are small, else unpacked and mapped."""
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size <= IN_MEMORY:
            with np.load(file, allow_pickle=False) as held:
                return {name: held[name] for name in held.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{str(file)!r} is no readable .npz file ({error}); delete it and fetch it anew"
        ) from error
    folder = home() / "unpacked" / f"{file.stem}-{file.stat().st_size}"
    if not folder.exists():
        unpack(file, folder)
    return {array.stem: np.load(array, mmap_mode="r", allow_pickle=False) for array in folder.glob("*.npy")}


def _finding(name: str, known: dict[str, Any], label: str | None) -> int:
    """Which column holds the finding called `label` (any case)."""
    names = known["labels"]
    if label is None:
        raise InputError(
            f"{name} has several labels per image, and an image has one class here; open one finding against the rest: "
            f"{name}[label={names[0]}]. It has {', '.join(names)}"
        )
    plain = [one.lower() for one in names]
    if label.lower() not in plain:
        raise unknown_name("finding", label, names, f"It was asked of {name}")
    return plain.index(label.lower())


def _several(known: dict[str, Any]) -> bool:
    return str(known["task"]).startswith("multi-label")


def _known(name: str) -> tuple[str, str, dict[str, Any]]:
    base, _, size = name.partition("@")
    return base, size or "28", facts()[base]


def _remote(base: str, size: str) -> Remote:
    known = facts()[base]
    name = f"{known['flag']}{'' if size == '28' else f'_{size}'}.npz"
    return Remote(f"{HOST}/{name}?download=1", name, (known["md5"][size],))
