"""Take files out of an archive, never past the folder that they are meant for."""

from __future__ import annotations

import gzip
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from whence.errors import InputError
from whence.paths import building, replacing

_BROKEN = (
    OSError,
    EOFError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
)


def unpack(archive: Path, folder: Path, inside: str = "", names: tuple[str, ...] = ()) -> Path:
    """Unpack a zip or (compressed) tar archive as `folder`, which appears whole or not at all.

    With `inside`, only what lies in that folder of the archive, without the folder's name; with `names`, only those
    files of it. Only regular files are taken: links and devices are passed over. Raises `InputError` for a damaged
    archive, one that holds nothing of what is wanted, and one with a member that would leave the folder.
    """
    taken = 0
    try:
        with building(folder) as scratch:
            for name, opened in _members(archive):
                path = _inside(archive, name)
                if inside:
                    if path.parts[:1] != (inside,):
                        continue
                    path = path.relative_to(inside)
                if names and str(path) not in names:
                    continue
                target = scratch / path
                target.parent.mkdir(parents=True, exist_ok=True)
                with opened() as source, target.open("wb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
                taken += 1
            if not taken:
                wanted = ", ".join(names) or (f"{inside}/" if inside else "any file")
                raise InputError(f"{str(archive)!r} does not hold {wanted}; download it anew from its origin")
    except _BROKEN as error:
        raise _damaged(archive, error) from error
    return folder


def _inside(archive: Path, name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise InputError(
            f"{str(archive)!r} holds {name!r}, which would leave its folder; download it anew from its origin"
        )
    return path


def gunzip(archive: Path, target: Path) -> Path:
    """Uncompress a `.gz` file as `target`, which appears whole or not at all. Raises `InputError` if it is damaged."""
    try:
        with gzip.open(archive) as source, replacing(target, "wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
    except _BROKEN as error:
        raise _damaged(archive, error) from error
    return target


def _members(archive: Path) -> Iterator[tuple[str, Callable[[], IO[bytes]]]]:
    """Name and opener of every regular file, in the archive's order (a compressed tar is read once)."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as held:
            for member in held.infolist():
                if not member.is_dir():
                    yield member.filename, partial(held.open, member)
        return
    with tarfile.open(archive) as tar:
        for entry in tar:
            if entry.isreg():
                yield entry.name, partial(_opened, tar, entry)


def _opened(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    found = tar.extractfile(entry)
    assert found is not None  # a regular file
    return found


def _damaged(archive: Path, error: Exception) -> InputError:
    if isinstance(error, OSError) and error.errno is not None:
        return InputError(
            f"{str(archive)!r} cannot be unpacked: {error.strerror}; make room or mend its permissions"
        )
    reason = " ".join(str(error).split()) or type(error).__name__
    return InputError(f"{str(archive)!r} is damaged ({reason}); delete it and download it anew")
