"""The folder in which named datasets lie, and how what is missing there is fetched or asked for."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from whence.data.archives import unpack
from whence.data.dataset import Dataset, class_order
from whence.data.download import Remote, fetch, md5_of
from whence.data.layouts._shared import files_below
from whence.data.stores import FileStore
from whence.errors import InputError
from whence.paths import home, replacing
from whence.records import Card


def shelf(name: str) -> Path:
    """The folder of one named dataset: `$WHENCE_DATA/NAME`, or else `$WHENCE_HOME/datasets/NAME`."""
    chosen = os.environ.get("WHENCE_DATA")
    return (Path(chosen).expanduser().absolute() if chosen else home() / "datasets") / name


def missing(card: Card, folder: Path, what: str) -> InputError:
    """The error for a dataset that a person must get: from where, and into which folder."""
    return InputError(
        f"{card.name} is not on this machine: {what} is not in {str(folder)!r}. {card.obtain}; put it into that folder "
        "and type the same command again"
    )


def fetched(card: Card, remote: Remote, folder: Path) -> Path:
    """A file of a dataset, fetched if the network gives it; one that a person put there is checked."""
    file = folder / remote.name
    if file.exists():
        _check_once(card, remote, file)
        return file
    try:
        fetch(remote, folder)
    except InputError as error:
        raise InputError(
            f"{card.name} is not on this machine, and {error}; connect it to the network and type the same command "
            f"again, or download {remote.url} elsewhere and put it into {str(folder)!r} as {remote.name}"
        ) from error
    _note_checked(file)
    return file


def _check_once(card: Card, remote: Remote, file: Path) -> None:
    """Compare a file with its checksum, once for as long as its size and date stay: some have ten gigabytes."""
    if not remote.md5 or _note(file).exists():
        return
    found = md5_of(file)
    if found not in remote.md5:
        raise InputError(
            f"{str(file)!r} is not the file that {card.name} needs: its MD5 is {found}, but "
            f"{' or '.join(remote.md5)} is published; delete it and type the same command again"
        )
    _note_checked(file)


def _note_checked(file: Path) -> None:
    with replacing(_note(file)) as note:
        note.write(f"{file}\n")


def _note(file: Path) -> Path:
    facts = [str(file), file.stat().st_size, file.stat().st_mtime_ns]
    return home() / "checked" / hashlib.sha256(repr(facts).encode()).hexdigest()[:32]


def unpacked(card: Card, remote: Remote, folder: Path, inside: str, names: tuple[str, ...] = ()) -> Path:
    """The folder `inside` of an archive, unpacked below `folder`; an archive fetched for it is then deleted."""
    target = folder / inside
    if target.is_dir():
        return target
    ours = not (folder / remote.name).exists()
    archive = fetched(card, remote, folder)
    unpack(archive, target, inside, names)
    if ours:
        archive.unlink(missing_ok=True)
    return target


def unzip_all(folder: Path) -> None:
    """Unpack every zip that a person put into a folder, each beside itself, once."""
    for archive in sorted(folder.glob("*.zip")) if folder.is_dir() else []:
        if not archive.with_suffix("").exists():
            unpack(archive, archive.with_suffix(""))


@dataclass(frozen=True)
class Row:
    """One image file of a dataset: its path below the root, its class, and what else is known."""

    path: str
    label: str
    group: str = ""
    split: str = ""


def files_dataset(
    card: Card, root: Path, rows: Sequence[Row], class_names: Iterable[str] | None = None
) -> Dataset:
    """The dataset of some files below `root`. Raises `InputError` for fewer than two classes."""
    found = {row.label for row in rows}
    if len(found) < 2:
        raise missing(card, root, "a picture of two classes at least")
    names = tuple(name for name in class_names if name in found) if class_names else class_order(found)
    number = {name: i for i, name in enumerate(names)}
    groups, splits = [row.group for row in rows], [row.split for row in rows]
    return Dataset(
        name=card.name,
        class_names=names,
        labels=np.array([number[row.label] for row in rows], dtype=np.int64),
        images=FileStore(root, tuple(row.path for row in rows)),
        card=card,
        groups=np.array(groups) if any(groups) else None,
        splits=np.array(splits) if any(splits) else None,
    )


def pictures(root: Path, *suffixes: str) -> list[str]:
    """Paths below `root` of all files with one of these suffixes, in order of name; none where there is no folder."""
    if not root.is_dir():
        return []
    return [path for path in files_below(root) if path.lower().endswith(suffixes)]
