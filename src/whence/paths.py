"""Where whence keeps its files, and how it writes them so that a kill never leaves half of one."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import platformdirs

from whence.processes import Process, gone

FORGOTTEN = 7.0  # days after which what a process of another machine left half written is taken for garbage


def home() -> Path:
    """The folder of job folders and caches: `$WHENCE_HOME`, or the platform's user cache folder."""
    chosen = os.environ.get("WHENCE_HOME")
    return Path(chosen).expanduser().absolute() if chosen else Path(platformdirs.user_cache_dir("whence"))


def file_name(name: str, otherwise: str = "x") -> str:
    """A name as a file may be called anywhere: of letters, digits, '.', '_' and '-'; `otherwise` where none is left."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or otherwise


def fsync_folder(folder: Path) -> None:
    """Make the names in a folder durable (a rename is only safe once its folder is on disk)."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def replacing(path: Path, mode: str = "w", **kwargs: Any) -> Iterator[IO[Any]]:
    """Open a temporary file that takes the place of `path` only when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=_prefix(path), suffix=".tmp", dir=path.parent)
    if "b" not in mode:
        kwargs.setdefault("encoding", "utf-8")
    try:
        with os.fdopen(descriptor, mode, **kwargs) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    fsync_folder(path.parent)


@contextmanager
def building(folder: Path) -> Iterator[Path]:
    """Fill a temporary folder that becomes `folder`, in one rename, only when the block ends well.

    If another process finished the same folder first, its result stays and ours is dropped.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=_prefix(folder), suffix=".tmp", dir=folder.parent))
    try:
        yield scratch
        scratch.chmod(0o777 & ~_umask())
        for file in scratch.rglob("*"):
            if file.is_file():
                with file.open("rb") as opened:
                    os.fsync(opened.fileno())
        fsync_folder(scratch)
        try:
            scratch.rename(folder)
        except OSError:
            if not folder.exists():
                raise
        fsync_folder(folder.parent)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def sweep(folders: Iterable[Path]) -> int:
    """Delete what killed processes left half written directly in these folders; return how many files and folders.

    What a living process writes is left alone; so is what one of another machine wrote, for a week.
    """
    swept = 0
    for path in (path for folder in folders for path in folder.glob(".*.tmp")):
        owner = path.name.rsplit(".", 3)[1]
        ended = gone(owner)
        if ended is None:
            ended = _age(path) > FORGOTTEN
        if ended:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
            swept += 1
    return swept


def _prefix(path: Path) -> str:
    """How the temporary name of a file or folder begins: it says what is made, and by which process."""
    return f".{path.name}.{Process.this().tag}."


def _age(path: Path) -> float:
    """Days since anything in a file or folder was written."""
    try:
        newest: float = max(
            one.stat().st_mtime for one in (path, *(path.rglob("*") if path.is_dir() else ()))
        )
    except OSError:
        return 0.0
    return (time.time() - newest) / 86_400


def write_json(path: Path, document: Any) -> None:
    """Write a JSON document atomically, keys in the order given."""
    with replacing(path) as file:
        json.dump(document, file, indent=1, ensure_ascii=False)
        file.write("\n")


def read_json(path: Path) -> Any:
    """Read a JSON document."""
    return json.loads(path.read_text(encoding="utf-8"))


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
