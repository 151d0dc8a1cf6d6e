"""whence demo: a small real study and a ranking, start to finish, offline."""

from __future__ import annotations

from whence.cli.common import Device, Json, Quiet, Seed, verb


@verb
def demo(json: Json = False, quiet: Quiet = False, seed: Seed = 1, device: Device = "auto") -> None:
    """Run a small real study and a ranking on pictures that are here already."""
