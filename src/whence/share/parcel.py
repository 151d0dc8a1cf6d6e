"""What is sent and taken: some files, and beside them one that lists their sizes and checksums."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from whence.errors import InputError
from whence.nets.sources import PULLED_WEIGHTS
from whence.nets.weights import file_sha256

Kind = Literal["checkpoint", "results"]

MANIFEST, FORMAT = "whence.json", "whence parcel 1"
WEIGHTS = PULLED_WEIGHTS
CONFIG, CARD, RESULTS = "config.json", "README.md", "results.zip"
CONTENTS: dict[Kind, tuple[str, ...]] = {
    "checkpoint": (CARD, CONFIG, WEIGHTS),
    "results": (CARD, RESULTS),
}
MOST = {  # bytes that a file may have
    MANIFEST: 1 << 20,
    CARD: 1 << 24,
    CONFIG: 1 << 24,
    WEIGHTS: 1 << 36,
    RESULTS: 1 << 32,
}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Content:
    """One file: how many bytes, and the SHA-256 of them."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Parcel:
    """A checkpoint or a study's results as files. `name` is what it is called where no other name is given."""

    kind: Kind
    name: str
    licence: str | None
    files: Mapping[str, Content]

    def document(self) -> dict[str, Any]:
        """What the manifest holds."""
        files = {name: vars(self.files[name]) for name in sorted(self.files)}
        return {
            "format": FORMAT,
            "kind": self.kind,
            "name": self.name,
            "licence": self.licence,
            "files": files,
        }

    def written(self) -> bytes:
        """The manifest's bytes; equal parcels have equal ones."""
        return (json.dumps(self.document(), indent=1, ensure_ascii=False) + "\n").encode()


def parcel_of(kind: Kind, name: str, licence: str | None, files: Mapping[str, Path]) -> Parcel:
    """The parcel that these files make up."""
    contents = {called: Content(path.stat().st_size, file_sha256(path)) for called, path in files.items()}
    return Parcel(kind, name, licence, contents)


def read_parcel(data: bytes, where: str) -> Parcel:
    """A manifest from somewhere else. Raises `InputError` for anything that whence would not have written.

    It may name those files alone that its kind has, so that no name can lead out of a folder and no other kind of file
    (a pickle) comes with it.
    """
    try:
        found = json.loads(data, object_pairs_hook=once)
        if found["format"] != FORMAT:
            raise ValueError(f"its format is {found['format']!r}, this whence reads {FORMAT!r}")
        kind, name, licence = found["kind"], found["name"], found["licence"]
        files = {called: _content(called, one) for called, one in found["files"].items()}
        if kind not in CONTENTS or set(files) != set(CONTENTS[kind]):
            raise ValueError(
                f"a {kind!r} of the files {', '.join(map(repr, files))} is none of whence's parcels"
            )
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name")
        if licence is not None and not isinstance(licence, str):
            raise ValueError("its licence is no text")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        told = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(
            f"{where} is refused: its {MANIFEST} is not what `whence share push` writes ({told})"
        ) from error
    return Parcel(kind, name, licence, files)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose names come once each."""
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("it names something twice")
    return found


def _content(name: str, found: Any) -> Content:
    size, digest = found["bytes"], found["sha256"]
    if name not in MOST or type(size) is not int or not 0 <= size <= MOST[name]:
        raise ValueError(f"a file {name!r} of {size!r} bytes is not taken")
    if not isinstance(digest, str) or not re.fullmatch("[0-9a-f]{64}", digest):
        raise ValueError(f"the checksum of {name!r} is no SHA-256")
    return Content(size, digest)
