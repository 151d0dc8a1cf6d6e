"""A wall of sockets around the processes that a test starts: every connection but to this machine itself is refused."""

from __future__ import annotations

import os
from pathlib import Path

# Python runs a module of this name when it starts, so that the forked jobs have the wall too.
WALL = """
import errno, ipaddress, os, socket

def note(where):
    with open(os.environ["WALL_LOG"], "a") as log:
        log.write(f"{where}\\n")

plain, resolve = socket.socket.connect, socket.getaddrinfo

def connect(self, address):
    if self.family != socket.AF_UNIX and not ipaddress.ip_address(address[0]).is_loopback:
        note(address[0])
        raise OSError(errno.ENETUNREACH, "Network is unreachable")
    return plain(self, address)

def getaddrinfo(host, *args, **kwargs):
    if host not in ("localhost", "127.0.0.1", "::1", None):
        note(host)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    return resolve(host, *args, **kwargs)

socket.socket.connect = socket.socket.connect_ex = connect
socket.getaddrinfo = getaddrinfo
"""


def walled(folder: Path) -> dict[str, str]:
    """Variables of an environment whose Python processes stand behind the wall, and note whom they asked."""
    (folder / "wall").mkdir()
    (folder / "wall" / "sitecustomize.py").write_text(WALL)
    (folder / "wall.log").touch()
    paths = [str(folder / "wall"), os.environ.get("PYTHONPATH", "")]
    return {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "WALL_LOG": str(folder / "wall.log")}


def refused_hosts(folder: Path) -> set[str]:
    """The hosts that were asked for, in vain."""
    return set((folder / "wall.log").read_text().split())
