"""What every place can do, and how its troubles are told: by kind and status, never in a library's own words.

A library's message may quote a request with the token or the signed address in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from whence.errors import InputError, WhenceError, WorkFailed
from whence.share.parcel import Content, Kind


class Place(Protocol):
    """A folder somewhere."""

    @property
    def address(self) -> str:
        """What a person types for it."""

    @property
    def login(self) -> str:
        """What to do to be let in."""

    def receiving(self, kind: Kind) -> Place:
        """The place to which such a parcel goes, if it was addressed here; nothing is connected to."""

    def read(self, name: str, most: int) -> bytes:
        """The first `most` bytes of a file. Raises `FileNotFoundError`, or what the library raises."""

    def fetch(self, name: str, target: Path, size: int) -> None:
        """Bring the first `size` bytes of a file to `target`, of which a beginning may be there already."""

    def send(self, files: Mapping[str, Path], contents: Mapping[str, Content], private: bool) -> None:
        """Send the files that are not there already, the last one last."""


@contextmanager
def troubles(place: Place, doing: str, *, first: bool = False) -> Iterator[None]:
    """Turn what goes wrong at a place into one line without secrets; at the `first` contact nothing has arrived yet."""
    try:
        yield
    except WhenceError:
        raise
    except Exception as error:  # the clients raise dozens of kinds, of several libraries
        raise _told(place, doing, error, first) from None  # the error's own text may hold a token


def _told(place: Place, doing: str, error: Exception, first: bool) -> WhenceError:
    status = _status(error)
    if status in (401, 403):
        return InputError(
            f"{place.address} does not let us in to {doing} ({status}); check its spelling, or {place.login}"
        )
    if status == 404 or isinstance(error, FileNotFoundError):
        return InputError(
            f"{place.address} does not exist or is not open to you; check its spelling, or {place.login}"
        )
    if isinstance(error, PermissionError):
        return InputError(
            f"{place.address} cannot be used to {doing}: permission denied; mend its permissions"
        )
    if isinstance(error, NotImplementedError | ValueError | ImportError) and status is None:
        return InputError(
            f"{place.address} cannot be used to {doing} ({_kind(error)}); is the address right, and is what it needs "
            "installed?"
        )
    reason = f"status {status}" if status else _kind(error)
    if first:
        return InputError(
            f"{place.address} cannot be reached from here ({reason}); connect this machine to the network, or give the "
            "address of a folder"
        )
    return WorkFailed(
        f"{place.address}: to {doing} failed ({reason}); what has arrived is kept: type the same command to go on"
    )


def _status(error: BaseException | None) -> int | None:
    """The HTTP status behind an error, wherever the library keeps it."""
    while error is not None:
        for holder in (error, getattr(error, "response", None)):
            for name in ("status_code", "code", "status"):
                found = getattr(holder, name, None)
                if type(found) is int:
                    return found
        error = error.__cause__ or error.__context__
    return None


def _kind(error: BaseException) -> str:
    strerror = error.strerror if isinstance(error, OSError) else None
    return f"{type(error).__name__}: {strerror}" if strerror else type(error).__name__
