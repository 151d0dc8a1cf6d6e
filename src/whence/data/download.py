"""Fetch a file over HTTP: with its checksum, with progress, and going on where an earlier attempt was cut off."""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from whence.errors import InputError, WorkFailed
from whence.paths import read_json, write_json

BLOCK = 1 << 20  # bytes
PATIENCE = 20  # seconds without a byte
ATTEMPTS = 3
# (file name, bytes so far, bytes in all or None if not told)
Progress = Callable[[str, int, int | None], None]
_reporter: ContextVar[Progress | None] = ContextVar("download_progress", default=None)


@dataclass(frozen=True)
class Remote:
    """A file somewhere else. `md5`: any of these is right; empty where nobody has published one.

    `token` lets us in at the URL's host; it is not sent to where that host redirects to, nor shown.
    """

    url: str
    name: str
    md5: tuple[str, ...] = ()
    token: str = field(default="", repr=False)


@contextmanager
def reporting(progress: Progress | None) -> Iterator[None]:
    """Inside this block, downloads report their progress to `progress`."""
    token = _reporter.set(progress)
    try:
        yield
    finally:
        _reporter.reset(token)


def fetch(remote: Remote, folder: Path) -> Path:
    """The file `folder/remote.name`, fetched unless it is there; a name without `.part` is a whole, verified file.

    What was fetched before a break is kept as `.part` and gone on with, by this call or a later one, if the server
    still has the same file. Raises `InputError` where nothing can be fetched, and `WorkFailed` where the transfer
    broke off or brought something else than the checksum says (which is deleted).
    """
    target = folder / remote.name
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{remote.name}.part"
    with locked(folder / f".{remote.name}.lock"):
        if target.exists():  # another process was faster
            return target
        _transfer_with_patience(remote, part)
        found = md5_of(part)
        if remote.md5 and found not in remote.md5:
            _forget(part)
            raise WorkFailed(
                f"{remote.url} brought a file whose MD5 is {found}, but {' or '.join(remote.md5)} is published; it was "
                f"deleted: try again, and if that does not help put the right file at {str(target)!r}"
            )
        part.replace(target)
        _forget(part)
    return target


def md5_of(file: Path) -> str:
    """The MD5 of a file's bytes, 32 hex digits: it tells a broken copy from a good one, not a forged one."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _transfer_with_patience(remote: Remote, part: Path) -> None:
    reason = ""
    for _ in range(ATTEMPTS):
        before = _size(part)
        try:
            if _transfer(remote, part):
                return
            reason = "the connection was closed"
        except urllib.error.HTTPError as error:
            raise InputError(f"{remote.url} cannot be fetched: {error.code} {error.reason}") from error
        except (OSError, http.client.HTTPException) as error:
            told = getattr(error, "reason", None) or error
            reason = " ".join(str(told).split()) or type(error).__name__
        if _size(part) <= before:  # no progress: trying at once again will not help
            break
    if _size(part):
        raise WorkFailed(
            f"{remote.url} broke off after {_size(part):,} bytes ({reason}); they are kept at {str(part)!r}: type the "
            "same command to go on"
        )
    raise InputError(f"{remote.url} cannot be reached from here ({reason})")


def _transfer(remote: Remote, part: Path) -> bool:
    """Fetch what is missing of `part`; whether it is whole now."""
    have, mark = _size(part), _mark(part)
    request = urllib.request.Request(
        remote.url, headers={"User-Agent": "whence", "Accept-Encoding": "identity"}
    )
    if remote.token:
        request.add_unredirected_header("Authorization", f"Bearer {remote.token}")
    if have and (mark or remote.md5):
        request.add_header("Range", f"bytes={have}-")
    if (
        have and mark
    ):  # without it a changed file would be glued to the old one's beginning, for the MD5 to find
        request.add_header("If-Range", mark)
    try:
        answer = _opener().open(request, timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not have:
            raise
        error.close()
        _forget(part)  # nothing lies beyond what we have, so that is not the beginning of this file
        return _transfer(remote, part)
    with answer:
        going_on = answer.status == 206 and _starts_at(answer, have)
        if not going_on:
            have = 0
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length and length.isdigit() else None
        write_json(_mark_file(part), {"version": _version(answer)})
        with part.open("ab" if going_on else "wb") as file:
            return _copy(answer, file, remote.name, have, total)


def _copy(answer: http.client.HTTPResponse, file: IO[bytes], name: str, have: int, total: int | None) -> bool:
    report = _reporter.get()
    while block := answer.read(BLOCK):
        file.write(block)
        have += len(block)
        if report:
            report(name, have, total)
    return total is None or have == total


def _starts_at(answer: http.client.HTTPResponse, place: int) -> bool:
    return str(answer.headers.get("Content-Range", "")).replace(" ", "").startswith(f"bytes{place}-")


class _OnlyWeb(urllib.request.HTTPRedirectHandler):
    """Follow redirects to http and https, and to nothing else."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise InputError(
                f"{req.full_url} leads to {newurl!r}, which is no web address; nothing was fetched"
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_OnlyWeb)


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _mark_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _mark(part: Path) -> str | None:
    """What the server called the version of the file that `part` is the beginning of, if it said so."""
    try:
        found = read_json(_mark_file(part))["version"]
    except (OSError, json.JSONDecodeError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) else None


def _version(answer: http.client.HTTPResponse) -> str | None:
    """What names the very bytes of an answer: its entity tag, unless that is a weak one, or its date."""
    tag = answer.headers.get("ETag")
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified")


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _mark_file(part).unlink(missing_ok=True)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """One process at a time; the lock goes with the process, however it ends."""
    with file.open("w") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        try:
            yield
        finally:
            file.unlink(missing_ok=True)
