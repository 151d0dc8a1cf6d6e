"""Send a checkpoint or a study's results somewhere: what is sent, how large it is, under which licence."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from whence.errors import InputError
from whence.records import Outcome
from whence.share.checkpoint import pack_checkpoint
from whence.share.parcel import CARD, MANIFEST, NAME, RESULTS, Kind, Parcel, parcel_of
from whence.share.places import Place, open_place
from whence.share.places.place import troubles
from whence.study.watching import Say


@dataclass(frozen=True)
class Pushed:
    """What was sent, or would be: `files` are names and bytes, the manifest last."""

    address: str
    parcel: Parcel
    files: dict[str, int]
    sent: bool


def push_checkpoint(
    path: Path,
    to: str,
    *,
    name: str,
    licence: str | None = None,
    outcomes: Sequence[Outcome] = (),
    private: bool = False,
    dry_run: bool = False,
    say: Say,
) -> Pushed:
    """Send a checkpoint that whence wrote, with its card and what timm needs to load it without us.

    Raises `InputError` where its licence does not allow that, or the place does not take it; `WorkFailed` where the
    connection broke.
    """
    place = open_place(to)
    with tempfile.TemporaryDirectory() as scratch:
        files, chosen, told = pack_checkpoint(path, Path(scratch), licence=licence, outcomes=outcomes)
        if told:
            say(told)
        return _send(place, "checkpoint", name, chosen, files, Path(scratch), private, dry_run, say)


def push_results(
    archive: Path,
    card: str,
    to: str,
    *,
    name: str,
    licence: str | None = None,
    private: bool = False,
    dry_run: bool = False,
    say: Say,
) -> Pushed:
    """Send a study's results archive with its card. Errors as for `push_checkpoint`."""
    place = open_place(to)
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / CARD).write_text(card, encoding="utf-8")
        if licence is None:
            say("no licence is given for these results: their card says so; --licence names one")
        files = {CARD: Path(scratch) / CARD, RESULTS: archive}
        return _send(place, "results", name, licence, files, Path(scratch), private, dry_run, say)


def _send(
    place: Place,
    kind: Kind,
    name: str,
    licence: str | None,
    files: dict[str, Path],
    scratch: Path,
    private: bool,
    dry_run: bool,
    say: Say,
) -> Pushed:
    if not NAME.fullmatch(name):
        raise InputError(
            f"{name!r} is no name for what is shared; accepted are letters, digits, '.', '_' and '-'"
        )
    place = place.receiving(kind)
    parcel = parcel_of(kind, name, licence, files)
    (scratch / MANIFEST).write_bytes(parcel.written())
    whole = parcel_of(
        kind, name, licence, files | {MANIFEST: scratch / MANIFEST}
    )  # last: it says that all is there
    if not dry_run:
        say(f"sending {len(whole.files)} files to {place.address}")
        with troubles(place, "send"):
            place.send(files | {MANIFEST: scratch / MANIFEST}, whole.files, private)
    return Pushed(place.address, parcel, {name: one.bytes for name, one in whole.files.items()}, not dry_run)
