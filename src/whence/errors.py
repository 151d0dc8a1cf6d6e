"""Every error that a user can meet, and the exit code that goes with it.

A message is one line that names the thing, what was found, what would be accepted, and what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class WhenceError(Exception):
    """An error of whence's own, told in one line. `exit_code` is that of the command line."""

    exit_code = 1


class InputError(WhenceError):
    """What the user gave is wrong: nothing was done and nothing was written (exit code 2)."""

    exit_code = 2


class UnreadableImage(InputError):
    """A file that should be an image and cannot be decoded."""


class WorkFailed(WhenceError):
    """The work was started and a part of it failed; what was finished is kept (exit code 1)."""


class OutOfMemory(WorkFailed):
    """The device has no room for so many images at a time; fewer may fit."""


def unknown_name(kind: str, name: str, known: Iterable[str], advice: str = "") -> InputError:
    """An `InputError` for a name that does not exist, with the nearest ones that do."""
    known = sorted(known)
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        hint = f"near it: {', '.join(near)}"
    elif len(known) <= 12:
        hint = f"known: {', '.join(known)}"
    else:
        hint = f"{len(known)} are known, none near it"
    return InputError(f"unknown {kind} {name!r}; {hint}{'. ' + advice if advice else ''}")
