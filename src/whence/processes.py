"""Processes by name: which one owns a file, and whether it lives still, on this machine or on another."""

from __future__ import annotations

import hashlib
import os
import platform
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process that no other one is taken for: not one with the same number, nor one before a reboot."""

    host: str
    boot: str  # changes with every start of the machine; empty where the system does not tell
    pid: int
    begun: int  # in the clock ticks of /proc since the machine started; 0 where the system does not tell

    @classmethod
    def this(cls) -> Process:
        """The process that calls."""
        return cls(platform.node(), boot_id(), os.getpid(), begun(os.getpid()))

    def gone(self) -> bool | None:
        """Whether it has ended; None for a process of another machine, of which nothing can be known here."""
        if self.host != platform.node():
            return None
        return self.boot != boot_id() or not alive(self.pid) or begun(self.pid) != self.begun

    @property
    def tag(self) -> str:
        """The process as a part of a file's name."""
        return f"{self.pid}-{self.begun}-{_short(self.host)}-{_short(self.boot)}"


def gone(tag: str) -> bool | None:
    """Whether the process with this tag has ended; None where that cannot be known here."""
    parts = tag.split("-")
    if len(parts) != 4 or not (parts[0].isdigit() and parts[1].isdigit()):
        return None
    here, pid = Process.this(), int(parts[0])
    if parts[2] != _short(here.host):
        return None
    return parts[3] != _short(here.boot) or not alive(pid) or begun(pid) != int(parts[1])


def alive(pid: int) -> bool:
    """Whether a process of this number lives on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def boot_id() -> str:
    """What names this start of the machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def begun(pid: int) -> int:
    """When a process began; with its number that names it, for numbers are given out again."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return 0


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
