"""A folder on this machine, or wherever fsspec reaches: `s3://…`, `memory://…`, `https://…` (to take from)."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whence.errors import InputError
from whence.share.parcel import Content, Kind

BLOCK = 1 << 23  # bytes
ATTEMPTS = 4


@dataclass(frozen=True)
class FilePlace:
    """A folder `root` of an fsspec file system."""

    address: str
    fs: Any
    root: str
    login: str = "give its credentials as fsspec wants them: see the documentation of its file system"

    @classmethod
    def at(cls, address: str) -> FilePlace:
        """The place at a path or URL. Raises `InputError` where fsspec knows no such file system."""
        from fsspec.core import url_to_fs

        try:
            fs, root = url_to_fs(address if "://" in address else str(Path(address).expanduser().absolute()))
        except (ValueError, ImportError) as error:
            known = "; pip install what it names" if isinstance(error, ImportError) else ""
            raise InputError(
                f"{address.split('://')[0]}:// is no file system that fsspec opens here ({type(error).__name__}){known}"
            ) from None
        return cls(_shown(address), fs, root.rstrip("/"))

    def receiving(self, kind: Kind) -> FilePlace:
        """Any parcel goes into a folder as it is."""
        return self

    def read(self, name: str, most: int) -> bytes:
        """The first `most` bytes of a regular file."""
        self._regular(name)
        with self._opened(name) as file:
            data: bytes = file.read(most)
            return data

    def fetch(self, name: str, target: Path, size: int) -> None:
        """Bring a file to `target`, going on behind the bytes that are there, and again where it breaks off."""
        self._regular(name)
        for last in [False] * (ATTEMPTS - 1) + [True]:
            before = _length(target)
            try:
                self._append(name, target, size)
                break
            except Exception:  # every file system breaks off in its own way
                if last or _length(target) <= before:  # without progress, trying again will not help
                    raise

    def send(self, files: Mapping[str, Path], contents: Mapping[str, Content], private: bool) -> None:
        """Send what is not there already, each file under a temporary name first."""
        self.fs.makedirs(self.root, exist_ok=True)
        for name, path in files.items():
            if not self._has(name, contents[name]):
                part = self._path(f".{name}.part")
                self.fs.put_file(str(path), part)
                self.fs.mv(part, self._path(name))

    def _append(self, name: str, target: Path, size: int) -> None:
        with target.open("ab") as out, self._opened(name) as file:
            file.seek(out.tell())
            while (left := size - out.tell()) > 0 and (block := file.read(min(BLOCK, left))):
                out.write(block)
                out.flush()

    def _opened(self, name: str) -> Any:
        """A file to read from in blocks: of a remote one each is asked for by itself, and nothing beyond it."""
        return self.fs.open(self._path(name), "rb", cache_type="none")

    def _has(self, name: str, content: Content) -> bool:
        path = self._path(name)
        if not self.fs.exists(path) or self.fs.size(path) != content.bytes:
            return False
        with self._opened(name) as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == content.sha256

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"

    def _regular(self, name: str) -> None:
        """Raise `InputError` for a link, a device or a pipe in a folder on this machine."""
        if "file" not in (self.fs.protocol if isinstance(self.fs.protocol, tuple) else (self.fs.protocol,)):
            return
        path = Path(self._path(name))
        if not stat.S_ISREG(path.lstat().st_mode):
            raise InputError(f"{self.address} is refused: {name} in it is a link or a device, not a file")


def _shown(address: str) -> str:
    """An address without the password or the signature that it may carry."""
    if "://" not in address:
        return address
    scheme, _, rest = address.partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
