"""A folder per class, with or without train, val and test folders above: pictures, DICOM files or NIfTI volumes.

Images may lie in folders further down. Hidden files are passed over, and so are files that are no images and
images that lie beside the class folders (an overview picture, an unlabelled test set). A tree is of one kind:
pictures if every class has some, else that of most of its files.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from whence.data.dataset import Dataset, OpenOptions, class_order
from whence.data.formats import Format, format_of, main_format, pictures, read_images
from whence.data.layouts._shared import ACCEPTED_IMAGES, entries, files_below, split_name
from whence.errors import InputError
from whence.records import Card

ORDER = 90  # the last: it explains what is wrong with any other folder
OPTIONS = ("slices",)


def recognises(path: Path) -> bool:
    """Any folder that no other layout recognised."""
    return path.is_dir()


def looks_like_classes(path: Path) -> bool:
    """Whether a folder holds at least two class folders (below its splits, if it has them)."""
    classes = {name for branch in _branches(path).values() for name in _class_folders(branch)}
    return len(classes) >= 2


def read(path: Path, options: OpenOptions, *, slices: str | None = None) -> Dataset:
    """The dataset in a folder per class; `slices` says how volumes become images. Raises `InputError`."""
    folders = [
        (split, label, folder)
        for split, branch in _branches(path).items()
        for label, folder in _class_folders(branch).items()
    ]
    files = [
        (split, label, f"{folder.relative_to(path).as_posix()}/{name}")
        for split, label, folder in folders
        for name in files_below(folder)
    ]
    kinds = [format_of(path / name) for _, _, name in files]
    kind = _kind([label for _, label, _ in folders], [label for _, label, _ in files], kinds)
    chosen = [file for file, found in zip(files, kinds, strict=True) if found is not None and found is kind]
    labels = {label for _, label, _ in chosen}
    for _, label, folder in folders:
        if label not in labels:  # a rare class may be missing from one split, not from all
            raise _no_images(folder)
    class_names = class_order(labels)
    if len(class_names) < 2:
        raise _too_few_classes(path, class_names)
    number = {name: i for i, name in enumerate(class_names)}
    images = read_images(path, [name for _, _, name in chosen], slices)
    splits = [chosen[i][0] for i in images.origin]
    return Dataset(
        name=path.name,
        class_names=class_names,
        labels=np.array([number[chosen[i][1]] for i in images.origin], dtype=np.int64),
        images=images.store,
        card=Card(name=path.name),
        address=str(path),
        groups=None if images.groups is None else np.array(images.groups),
        splits=np.array(splits) if any(splits) else None,
        options=options,
    )


def _kind(classes: list[str], labels: list[str], kinds: list[Format | None]) -> Format | None:
    """The format of a tree, from the class and the format of each of its files."""
    pictured = {label for label, kind in zip(labels, kinds, strict=True) if kind is pictures}
    return pictures if pictured.issuperset(classes) else main_format(kinds)


def _branches(path: Path) -> dict[str, Path]:
    """The folders that hold class folders, by split; {"": path} where there are no splits."""
    found: dict[str, Path] = {}
    others: list[str] = []
    for folder in (entry for entry in entries(path) if entry.is_dir()):
        split = split_name(folder.name)
        if split is None:
            others.append(folder.name)
        elif split in found:
            raise InputError(
                f"{str(path)!r} has two folders for the {split} split, {found[split].name!r} and "
                f"{folder.name!r}; merge them or rename one"
            )
        else:
            found[split] = folder
    if "train" not in found or not any(_class_folders(folder) for folder in found.values()):
        return {"": path}
    kind = (
        main_format(format_of(folder / f) for folder in found.values() for f in files_below(folder))
        if others
        else None
    )
    holding = [
        name
        for name in others
        if any(format_of(path / name / f) in (pictures, kind) for f in files_below(path / name))
    ]
    if holding:
        raise InputError(
            f"{str(path)!r} has split folders ({', '.join(folder.name for folder in found.values())}) and "
            f"beside them a folder of images, {holding[0]!r}; accepted beside train are val and test: move "
            "the others away"
        )
    return {split: folder for split, folder in found.items() if _class_folders(folder)}


def _class_folders(branch: Path) -> dict[str, Path]:
    return {entry.name: entry for entry in entries(branch) if entry.is_dir()}


def _no_images(folder: Path) -> InputError:
    suffixes = sorted({Path(name).suffix.lower() or "no suffix" for name in files_below(folder)})
    found = f"files ending in {', '.join(suffixes[:4])}" if suffixes else "nothing"
    return InputError(
        f"the class folder {str(folder)!r} has no image: found {found}, accepted are {ACCEPTED_IMAGES}; "
        "add images or remove the folder"
    )


def _too_few_classes(path: Path, class_names: tuple[str, ...]) -> InputError:
    wanted = "accepted are one folder of images per class, one CSV file beside the images, or one .npz file"
    if not class_names:
        loose = any(entry.is_file() and format_of(entry) for entry in entries(path))
        found = "only images without class folders" if loose else "no image"
        return InputError(f"{str(path)!r} holds {found}; {wanted}")
    inner = path / class_names[0]
    if inner.is_dir() and looks_like_classes(inner):
        return InputError(
            f"{str(path)!r} holds one folder only, {class_names[0]!r}, which itself holds class folders; "
            f"give {str(inner)!r}"
        )
    return InputError(
        f"{str(path)!r} has one class only, {class_names[0]!r}; at least two are needed: {wanted}"
    )
