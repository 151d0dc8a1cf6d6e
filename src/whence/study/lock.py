"""One driver per study, also where machines share its folder: a file names the holder, and its time is a heartbeat.

A lock is stale, and is taken over, when its holder (a process of this machine) has ended, when the machine has been
started anew since, or when a holder on another machine has not been heard of for `SILENCE` seconds.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from whence.errors import WhenceError
from whence.paths import replacing
from whence.processes import Process

NAME = ".driver.lock"
BEAT = 10.0  # seconds
SILENCE = 120.0  # seconds without a beat after which a holder on another machine is taken for dead


class Lock:
    """A study held by this process, until `release`."""

    def __init__(self, path: Path, holder: Process) -> None:
        """Beat from now on, in a thread of its own."""
        self.path, self.holder = path, holder
        self.ended = threading.Event()
        self.beating = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self.beating.start()

    def check(self) -> None:
        """Raise `WhenceError` if another process has taken the study over, as it may from one that was suspended."""
        now = read_holder(self.path)
        if now != self.holder:
            raise WhenceError(
                f"the study in {self.path.parent} was taken over by {_told(now)}, which had not heard of this process "
                f"for {SILENCE:.0f} s; what was finished is kept"
            )

    def release(self) -> None:
        """Let the study go."""
        self.ended.set()
        self.beating.join()
        if read_holder(self.path) == self.holder:
            self.path.unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self.ended.wait(BEAT):
            try:
                if read_holder(self.path) == self.holder:
                    os.utime(self.path)
            except OSError:
                continue  # a file server that is away for a moment


@contextmanager
def only_driver(folder: Path) -> Iterator[Lock]:
    """Hold the study in `folder`; a `WhenceError` names the process that holds it already."""
    folder.mkdir(parents=True, exist_ok=True)
    path, this = folder / NAME, Process.this()
    with _one_at_a_time(folder):  # two that find the same stale lock
        if path.exists():
            _refuse_if_held(path)
        with replacing(path) as file:
            json.dump(asdict(this), file)
    lock = Lock(path, this)
    try:
        yield lock
    finally:
        lock.release()


def read_holder(path: Path) -> Process | None:
    """The process that a lock names; None where there is no lock, or none that can be read."""
    try:
        return Process(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def silence(path: Path) -> float:
    """Seconds since the holder's last heartbeat, by the clock of the disk on which the lock stands."""
    probe = path.with_name(f"{path.name}.{os.getpid()}.now")
    try:
        probe.touch()
        return max(0.0, probe.stat().st_mtime - path.stat().st_mtime)
    except OSError:
        return max(0.0, time.time() - path.stat().st_mtime)
    finally:
        probe.unlink(missing_ok=True)


def _refuse_if_held(path: Path) -> None:
    holder, quiet = read_holder(path), silence(path)
    gone = holder.gone() if holder else None
    if gone or (gone is None and quiet > SILENCE):
        return
    raise WhenceError(
        f"another whence ({_told(holder)}; last heartbeat {quiet:.0f} s ago) is running the study in {path.parent}; "
        "wait for it, or end it and type the same command again"
    )


def _told(holder: Process | None) -> str:
    if holder is None:
        return "unknown: its lock cannot be read"
    return f"host {holder.host}, process {holder.pid}, boot {holder.boot[:8] or 'unknown'}"


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """A moment in which this process alone looks at the lock; where the disk knows no such thing, nothing is lost."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
