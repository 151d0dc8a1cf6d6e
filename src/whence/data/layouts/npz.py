"""MedMNIST's layout: one .npz of train_images, train_labels, val_…, test_…, and labels.json beside it.

Images are uint8 (n, h, w), (n, h, w, 1) or (n, h, w, 3), or volumes (n, d, h, w) or (n, d, h, w, 1 or 3), of which
`slices` makes 2D images, by default the central slice of each. Labels are whole numbers (n,) or (n, 1). Without
`labels.json` (`{"0": "normal", …}` or a list of names) classes are called by their numbers. Arrays are
judged by their headers before they are loaded, and nothing is ever unpickled.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from whence.data.dataset import Dataset, OpenOptions, class_order
from whence.data.layouts._shared import entries, split_name
from whence.data.layouts._volumes import is_volumes, read_header, read_volumes
from whence.data.slices import Slices, parse_slices
from whence.data.stores import ArrayStore, Joined
from whence.errors import InputError
from whence.records import Card

ORDER = 10
OPTIONS = ("slices",)
_WANTED = "accepted is MedMNIST's layout: train_images and train_labels, likewise val_ and test_"
Header = tuple[tuple[int, ...], np.dtype[Any]]


def recognises(path: Path) -> bool:
    """An .npz file, or a folder that holds exactly one."""
    if path.is_dir():
        return len([entry for entry in entries(path) if entry.suffix.lower() == ".npz"]) == 1
    return path.suffix.lower() == ".npz"


def read(path: Path, options: OpenOptions, *, slices: str | None = None) -> Dataset:
    """The dataset in an .npz file; `slices` says how volumes become images. Raises `InputError`."""
    name = path.name if path.is_dir() else path.stem
    file = next(entry for entry in entries(path) if entry.suffix.lower() == ".npz") if path.is_dir() else path
    chosen = Slices() if slices is None else parse_slices(slices)
    stores: list[ArrayStore] = []
    numbers: list[npt.NDArray[np.int64]] = []
    splits: list[str] = []
    groups: list[str] = []
    try:
        headers = _headers(file)
        parts = _parts(file, headers)
        volumes = is_volumes(headers[next(iter(parts.values()))[0]][0])
        if slices is not None and not volumes:
            raise InputError(
                f"slices={slices} was asked of {str(file)!r}, which holds 2D images; leave it out"
            )
        with np.load(file, allow_pickle=False) as archive:
            for split, (images, labels) in parts.items():
                found = archive[labels].reshape(-1).astype(np.int64)
                if volumes:
                    pixels, origin, named = read_volumes(file, images, chosen)
                    found = found[origin]
                    groups += named
                else:
                    pixels = archive[images]
                pixels = pixels[..., 0] if pixels.ndim == 4 and pixels.shape[3] == 1 else pixels
                stores.append(ArrayStore(pixels, f"{str(file)!r}, {images}"))
                numbers.append(found)
                splits += [split] * len(pixels)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{str(file)!r} is no readable .npz file ({reason}); copy or download it anew"
        ) from error
    labels_found = np.concatenate(numbers)
    names = _class_names(file, sorted(set(labels_found.tolist())))
    if len(set(names.values())) < 2:
        raise InputError(
            f"{str(file)!r} has one class only, {next(iter(names.values()))!r}; at least two are needed"
        )
    # labels.json says which number is which class; where it does not exist, the numbers are the names
    class_names = tuple(dict.fromkeys(names[number] for number in sorted(names)))
    if not _names_file(file).is_file():
        class_names = class_order(set(class_names))
    position = {number: class_names.index(called) for number, called in names.items()}
    return Dataset(
        name=name,
        class_names=class_names,
        labels=np.array([position[int(number)] for number in labels_found], dtype=np.int64),
        images=Joined(tuple(stores)),
        card=Card(name=name),
        address=str(path),
        groups=np.array(groups) if groups else None,
        splits=np.array(splits) if any(splits) else None,
        options=options,
    )


def _headers(file: Path) -> dict[str, Header]:
    """Shape and type of every array, without reading any."""
    found: dict[str, Header] = {}
    with zipfile.ZipFile(file) as archive:
        for member in archive.namelist():
            with archive.open(member) as opened:
                shape, _, dtype = read_header(opened, member)
                found[member.removesuffix(".npy")] = (shape, dtype)
    return found


def _parts(file: Path, headers: dict[str, Header]) -> dict[str, tuple[str, str]]:
    """The names of the images' and labels' arrays of each split ("" without splits), all checked."""
    parts: dict[str, tuple[str, str]] = {}
    for images in headers:
        prefix, _, kind = images.rpartition("_")
        split = split_name(prefix) if prefix else ""
        if kind != "images" or split is None:
            continue
        labels = f"{prefix}_labels" if prefix else "labels"
        if labels not in headers:
            raise InputError(f"{str(file)!r} has {images} without {labels}; {_WANTED}")
        _check(file, images, headers[images], labels, headers[labels])
        if headers[images][0][0]:
            parts[split] = (images, labels)
    if len({is_volumes(headers[images][0]) for images, _ in parts.values()}) > 1:
        raise InputError(f"{str(file)!r} holds 2D images and volumes at once; {_WANTED}")
    if not parts:
        held = ", ".join(sorted(headers)[:8]) or "nothing"
        raise InputError(f"{str(file)!r} holds {held}; {_WANTED}")
    return parts


def _check(file: Path, images: str, image_header: Header, labels: str, label_header: Header) -> None:
    (shape, dtype), (label_shape, label_dtype) = image_header, label_header
    grey_or_colour = len(shape) != 5 or shape[4] in (1, 3)
    if len(shape) not in (3, 4, 5) or 0 in shape[1:] or not grey_or_colour:
        raise InputError(
            f"{str(file)!r}: {images} has shape {shape}; accepted are (n, h, w) and (n, h, w, 3), and volumes "
            "(n, d, h, w) and (n, d, h, w, 3)"
        )
    if dtype != np.uint8:
        raise InputError(
            f"{str(file)!r}: {images} is {dtype}; accepted is uint8, 0 to 255: scale and convert it"
        )
    if len(label_shape) == 2 and label_shape[1] > 1:
        raise InputError(
            f"{str(file)!r}: {labels} has shape {label_shape}, several labels per image; one label per "
            "image is accepted: choose one column and save it as a dataset of its own"
        )
    if label_dtype.kind not in "iu" or len(label_shape) not in (1, 2):
        raise InputError(
            f"{str(file)!r}: {labels} is {label_dtype} of shape {label_shape}; accepted are whole "
            "numbers of shape (n,) or (n, 1)"
        )
    if label_shape[0] != shape[0]:
        raise InputError(
            f"{str(file)!r}: {shape[0]} {images} but {label_shape[0]} {labels}; one label per image is needed"
        )


def _names_file(file: Path) -> Path:
    return file.parent / "labels.json"


def _class_names(file: Path, numbers: list[int]) -> dict[int, str]:
    """The name of each class number that occurs."""
    names_file = _names_file(file)
    if not names_file.is_file():
        return {number: str(number) for number in numbers}
    wanted = 'accepted is {"0": "first class", "1": "second class", …} or a list of names'
    try:
        document = json.loads(names_file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise InputError(f"{str(names_file)!r} is no readable JSON; {wanted}") from error
    if isinstance(document, list):
        document = {str(i): name for i, name in enumerate(document)}
    if not isinstance(document, dict) or not all(isinstance(n, str) and n.strip() for n in document.values()):
        raise InputError(f"{str(names_file)!r} does not name classes; {wanted}")
    missing = [number for number in numbers if str(number) not in document]
    if missing:
        raise InputError(f"{str(names_file)!r} has no name for label {missing[0]} of {file.name!r}; {wanted}")
    return {number: document[str(number)].strip() for number in numbers}
