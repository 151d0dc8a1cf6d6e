"""An archive whose bytes depend on its content alone, and which is read without trusting anything in it."""

from __future__ import annotations

import gzip
import io
import stat
import zipfile
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path

from whence.errors import InputError
from whence.paths import replacing

WHEN = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can tell
MOST_BYTES = 1 << 31  # of all members together, and of what a .gz among them holds
MOST_TIMES = 300  # as large as its packed bytes may a member become; tables of numbers reach some dozens
SMALL = 1 << 20  # bytes under which that is not asked


def write_archive(path: Path, members: Mapping[str, bytes]) -> None:
    """Write a zip of these members, in one rename; equal members give equal bytes."""
    with replacing(path, "wb") as file, zipfile.ZipFile(file, "w") as held:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, WHEN)
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            entry.create_system = 3  # Unix, wherever it is written
            held.writestr(entry, members[name], zipfile.ZIP_DEFLATED, 9)


def read_archive(path: Path, allowed: Collection[str]) -> dict[str, bytes]:
    """The members of a zip, by name; nothing is written.

    Raises `InputError` for a file that is no zip, a damaged one, a name that is not `allowed` (so for every path that
    leads somewhere), a name that comes twice, a link or a device, and for what would unpack to more than a study's
    results ever are.
    """
    try:
        with zipfile.ZipFile(path) as held:
            entries = held.infolist()
            _check(path, entries, allowed)
            found = {entry.filename: held.read(entry) for entry in entries}
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise InputError(f"{str(path)!r} cannot be read: {error.strerror}") from error
        raise InputError(
            f"{str(path)!r} is refused: it is no whole zip archive ({' '.join(str(error).split())})"
        ) from error
    for name in (name for name in found if name.endswith(".gz")):
        _check_gzip(path, name, found[name])
    return found


def _check(path: Path, entries: list[zipfile.ZipInfo], allowed: Collection[str]) -> None:
    names = [entry.filename for entry in entries]
    for entry in entries:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        told = ""
        if entry.filename not in allowed:
            told = f"{entry.filename!r}, which is nothing that a results archive holds"
        elif kind not in (0, stat.S_IFREG):
            told = f"{entry.filename!r}, which is a link or a device"
        elif names.count(entry.filename) > 1:
            told = f"{entry.filename!r} twice"
        elif entry.flag_bits & 1:
            told = f"{entry.filename!r}, which is encrypted"
        elif entry.file_size > max(SMALL, MOST_TIMES * entry.compress_size):
            told = (
                f"{entry.filename!r}, which unpacks to {entry.file_size:,} bytes from {entry.compress_size:,}"
            )
        if told:
            raise InputError(f"{str(path)!r} is refused: it holds {told}; nothing was written")
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise InputError(f"{str(path)!r} is refused: it unpacks to more than {MOST_BYTES:,} bytes")


def _check_gzip(path: Path, name: str, data: bytes) -> None:
    """Raise `InputError` where a packed member is damaged or unpacks to too much; it is never held in memory whole."""
    size = 0
    try:
        with gzip.open(io.BytesIO(data)) as file:
            while block := file.read(1 << 20):
                size += len(block)
                if size > max(SMALL, min(MOST_BYTES, MOST_TIMES * len(data))):
                    raise InputError(
                        f"{str(path)!r} is refused: {name!r} in it unpacks to more than {size:,} bytes"
                    )
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{str(path)!r} is refused: {name!r} in it is damaged ({error})") from error
