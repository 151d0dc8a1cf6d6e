"""What several layouts need: names of splits, and walking a folder without hidden files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from whence.data.images import IMAGE_SUFFIXES
from whence.errors import InputError

_SUFFIXES = [*(suffix.removeprefix(".") for suffix in IMAGE_SUFFIXES), "dcm", "nii", "nii.gz"]
ACCEPTED_IMAGES = ", ".join(sorted(_SUFFIXES))
_SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}


def split_name(word: str) -> str | None:
    """One of train, val and test for any usual spelling of it, else None."""
    return _SPLITS.get(word.strip().lower())


def is_hidden(name: str) -> bool:
    """Whether a name is no part of the data: hidden, or left behind by an archiver or a file manager."""
    return name.startswith(".") or name == "__MACOSX" or name.lower() in ("thumbs.db", "desktop.ini")


def entries(folder: Path) -> list[Path]:
    """What lies directly in a folder, by name, without hidden entries. Raises `InputError`."""
    try:
        return sorted(entry for entry in folder.iterdir() if not is_hidden(entry.name))
    except OSError as error:
        raise _unlisted(folder, error) from error


def files_below(folder: Path) -> Iterator[str]:
    """Paths of all files below a folder, relative to it, with forward slashes, in order of name.

    Linked folders are followed, each real folder once, so that a loop of links ends.
    """
    seen = set()

    def refuse(error: OSError) -> None:
        raise _unlisted(Path(error.filename or folder), error) from error

    for where, folders, files in os.walk(folder, followlinks=True, onerror=refuse):
        real = os.path.realpath(where)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not is_hidden(name))
        for name in sorted(files):
            if not is_hidden(name):
                yield (Path(where) / name).relative_to(folder).as_posix()


def _unlisted(folder: Path, error: OSError) -> InputError:
    return InputError(f"the folder {str(folder)!r} cannot be listed: {error.strerror}; mend its permissions")
