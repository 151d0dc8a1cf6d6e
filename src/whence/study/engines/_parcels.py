"""Job folders on their way between machines that share none: packed at an fsspec URL, each with its checksum."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any

from whence.errors import InputError, WorkFailed
from whence.paths import building
from whence.study.job import Job, job_folder

LARGEST = 16 << 30  # bytes of a parcel that is unpacked: the largest checkpoints are far below


class Parcels:
    """Parcels `URL/KIND/KEY.tar`, and beside each the SHA-256 of its bytes."""

    def __init__(self, url: str) -> None:
        """`url` is a folder in any of fsspec's spellings: `s3://bucket/whence`, `file:///mnt/share`."""
        import fsspec

        try:
            self.files, self.root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise InputError(
                f"storage {url!r} cannot be used ({error}); give a folder's URL, such as s3://…"
            ) from error

    def has(self, kind: str, key: str) -> bool:
        """Whether the job's parcel has arrived, whole: its checksum is written last."""
        return bool(self.files.exists(self._sum(kind, key)))

    def send(self, job: Job) -> None:
        """Pack the job's folder and put it at the URL."""
        packed = pack(job.folder)
        self.files.makedirs(f"{self.root}/{job.kind}", exist_ok=True)
        self.files.pipe_file(self._tar(job.kind, job.key), packed)
        self.files.pipe_file(self._sum(job.kind, job.key), hashlib.sha256(packed).hexdigest().encode())

    def fetch(self, kind: str, key: str) -> None:
        """Bring a job's folder here. Raises `WorkFailed` where its bytes are not those that were sent."""
        packed = self.files.cat_file(self._tar(kind, key))
        if hashlib.sha256(packed).hexdigest().encode() != self.files.cat_file(self._sum(kind, key)):
            raise WorkFailed(
                f"{self._tar(kind, key)} is damaged: its checksum differs; delete it and run again"
            )
        unpack(packed, job_folder(kind, key))

    def forget(self, kind: str, key: str) -> None:
        """Delete a parcel, the checksum first."""
        for path in (self._sum(kind, key), self._tar(kind, key)):
            if self.files.exists(path):
                self.files.rm_file(path)

    def _tar(self, kind: str, key: str) -> str:
        return f"{self.root}/{kind}/{key}.tar"

    def _sum(self, kind: str, key: str) -> str:
        return f"{self.root}/{kind}/{key}.sha256"


def pack(folder: Path) -> bytes:
    """The files of a job folder as one tar archive: the same bytes for the same files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(folder.iterdir()):
            entry = tarfile.TarInfo(path.name)
            entry.size = path.stat().st_size
            with path.open("rb") as file:
                archive.addfile(entry, file)
    return packed.getvalue()


def unpack(packed: bytes, folder: Path) -> None:
    """Make `folder` from an archive of plain files; nothing in it can leave the folder. Raises `WorkFailed`."""
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:") as archive, building(folder) as scratch:
        for entry in archive:
            inside: Any = archive.extractfile(entry) if entry.isreg() else None
            if inside is None or Path(entry.name).name != entry.name or entry.size > LARGEST:
                raise WorkFailed(f"a job's parcel holds {entry.name!r}, which is no plain file of its folder")
            with (scratch / entry.name).open("wb") as file:
                while piece := inside.read(1 << 20):
                    file.write(piece)
