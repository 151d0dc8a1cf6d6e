"""A training that is asked to stop: it keeps its state after the step it is in, and ends."""

from __future__ import annotations

import threading


class Stopped(BaseException):
    """The training has stopped as it was asked to: no failure, so no `Exception`. The next try goes on."""


_asked = threading.Event()
_under_way = threading.Event()


def under_way() -> None:
    """Say that a training has begun, so that it has a state worth keeping."""
    _under_way.set()


def ask_to_stop() -> None:
    """Ask the training of this process to stop (a signal's handler); raises `Stopped` where none has begun."""
    if not _under_way.is_set():
        raise Stopped
    _asked.set()


def asked_to_stop() -> bool:
    """Whether the training should keep its state and raise `Stopped`."""
    return _asked.is_set()
