"""Take a parcel from somewhere: into a folder of its own, whole and checked, or not at all."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from whence.data.download import locked
from whence.errors import InputError, WhenceError, WorkFailed
from whence.nets.backbone import check_backbone
from whence.nets.sources import PULLED, check_fit, pulled_folder
from whence.nets.weights import file_sha256, read_record
from whence.paths import building, write_json
from whence.share.parcel import (
    CONFIG,
    MANIFEST,
    MOST,
    NAME,
    RESULTS,
    WEIGHTS,
    Content,
    Parcel,
    once,
    read_parcel,
)
from whence.share.places import Place, open_place
from whence.share.places.place import troubles
from whence.share.results import read_results
from whence.study.watching import Say

ORIGIN = "origin.json"  # beside what was pulled: where it came from
LONGEST_HEADER = 100_000_000  # bytes: what the safetensors library takes


@dataclass(frozen=True)
class Pulled:
    """What was taken. `name` is what it is called here; a checkpoint is the source `pulled:NAME`."""

    name: str
    folder: Path
    parcel: Parcel
    fresh: bool  # false where it lay here already

    @property
    def source(self) -> str | None:
        """The name under which `rank` and a study take it, if it is a checkpoint."""
        return f"{PULLED}{self.name}" if self.parcel.kind == "checkpoint" else None

    @property
    def archive(self) -> Path | None:
        """The results archive, if it is one."""
        return self.folder / RESULTS if self.parcel.kind == "results" else None


def pull(address: str, *, name: str | None = None, say: Say = lambda line: None) -> Pulled:
    """Take what lies at an address; what is here already and equal is not fetched again.

    Every file is checked against the SHA-256 in the manifest, weights are safetensors that fit the network they name,
    a results archive holds nothing but tables and cards. Raises `InputError` for what is refused (nothing is kept of
    it) and `WorkFailed` where the connection broke (what has arrived is kept for the next try).
    """
    place = open_place(address)
    with troubles(place, "take", first=True):
        data = place.read(MANIFEST, MOST[MANIFEST] + 1)
    parcel = read_parcel(data, place.address)
    name = name or parcel.name
    if not NAME.fullmatch(name):
        raise InputError(f"{name!r} is no name; accepted are letters, digits, '.', '_' and '-'")
    folder = pulled_folder(name)
    if folder.exists():
        return Pulled(name, _same(folder, parcel, place.address), parcel, fresh=False)
    incoming = folder.parent / ".incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    try:
        with locked(incoming / f"{name}.lock"):
            if not folder.exists():  # another process was faster
                _take(place, parcel, data, folder, incoming, say)
    except InputError:  # what is refused leaves nothing behind
        for empty in (incoming, incoming.parent, incoming.parent.parent):
            if empty.is_dir() and not any(empty.iterdir()):
                empty.rmdir()
        raise
    return Pulled(name, folder, parcel, fresh=True)


def _take(place: Place, parcel: Parcel, manifest: bytes, folder: Path, incoming: Path, say: Say) -> None:
    """Bring all files to `incoming`, check them, and make `folder` of them."""
    try:
        parts = {called: _fetched(place, called, one, incoming, say) for called, one in parcel.files.items()}
        _check(parcel, parts)
    except InputError:
        _forget(parcel, incoming)
        raise
    with building(folder) as scratch:
        for called, part in parts.items():
            shutil.move(part, scratch / called)
        (scratch / MANIFEST).write_bytes(manifest)
        write_json(scratch / ORIGIN, {"from": place.address})
    _forget(parcel, incoming)


def _same(folder: Path, parcel: Parcel, address: str) -> Path:
    try:
        known = read_parcel((folder / MANIFEST).read_bytes(), str(folder)).files
    except (OSError, WhenceError):
        known = {}
    if known != parcel.files:
        raise InputError(
            f"{folder.name!r} was pulled before and is not what {address} holds now; give another name by --name, or "
            f"delete {str(folder)!r}"
        )
    return folder


def _fetched(place: Place, name: str, content: Content, incoming: Path, say: Say) -> Path:
    """The file with this content, brought to `incoming` under the name of its checksum."""
    if name == WEIGHTS:
        with troubles(place, "take"):
            check_start(place.read(name, 9), content.bytes, place.address)
    part = incoming / f"{content.sha256}{Path(name).suffix}"
    say(f"fetching {name} ({content.bytes:,} bytes)")
    with troubles(place, "take"):
        place.fetch(name, part, content.bytes)
    if part.stat().st_size < content.bytes:
        raise WorkFailed(
            f"{place.address}: {name} broke off after {part.stat().st_size:,} of {content.bytes:,} bytes; they are "
            "kept: type the same command to go on"
        )
    if (found := file_sha256(part)) != content.sha256:
        raise InputError(
            f"{place.address} is refused: {name} has the SHA-256 {found[:12]}…, but its {MANIFEST} says "
            f"{content.sha256[:12]}…; ask whoever shared it to push it again"
        )
    return part


def check_start(start: bytes, size: int, where: str) -> None:
    """Raise `InputError` where the first nine bytes are no safetensors file's: a pickle, a header too long."""
    length = int.from_bytes(start[:8], "little")
    if len(start) < 9 or start[8:9] != b"{" or length > LONGEST_HEADER or length + 8 > size:
        raise InputError(
            f"{where} is refused: {WEIGHTS} does not begin as safetensors does (it may be a pickle, which could run "
            "code); ask whoever shared it for safetensors"
        )


def _check(parcel: Parcel, parts: dict[str, Path]) -> None:
    if parcel.kind == "results":
        read_results(parts[RESULTS])
        return
    record = read_record(parts[WEIGHTS])
    try:
        json.loads(
            _header(parts[WEIGHTS]), object_pairs_hook=once
        )  # their library takes a tensor that comes twice
        classes, recipe = json.loads(record["classes"]), json.loads(record["recipe"])
        numbers = [float(value) for key in ("mean", "std") for value in json.loads(record[key])]
        whole = (
            isinstance(record["trained_on"], str) and len(record["fingerprint"]) == 64 and len(numbers) == 6
        )
        config = json.loads(parts[CONFIG].read_bytes())
        whole = whole and config["architecture"] == record["arch"] and config["num_classes"] == len(classes)
        if not whole or int(recipe["size"]) < 1:
            raise ValueError("its record does not go with its weights")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{parcel.name!r} is refused: its {WEIGHTS} or {CONFIG} holds no record as `whence pretrain` writes it "
            f"({type(error).__name__})"
        ) from error
    try:
        check_backbone(record["arch"])
        check_fit(parts[WEIGHTS], record["arch"])
    except InputError as error:
        raise InputError(
            f"{parcel.name!r} is refused: its {WEIGHTS} is no whole {record['arch']}, which it says it is"
        ) from error


def _header(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(int.from_bytes(file.read(8), "little"))


def _forget(parcel: Parcel, incoming: Path) -> None:
    """Delete what has arrived of a parcel."""
    for name, content in parcel.files.items():
        for file in incoming.glob(f"*{content.sha256}{Path(name).suffix}*"):
            file.unlink(missing_ok=True)
