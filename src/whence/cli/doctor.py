"""whence doctor: what is installed, which device, how large the cache is, what is broken and how to mend it."""

from __future__ import annotations

from whence.cli.common import Device, Json, Quiet, Seed, print_json, verb
from whence.errors import WorkFailed


@verb
def doctor(json: Json = False, quiet: Quiet = False, seed: Seed = 1, device: Device = "auto") -> None:
    """Look the installation over. Exit code 1 if something is broken; each line says how to mend it."""
    from whence.diagnosis import diagnose

    found = diagnose()
    if json:
        print_json(found)
    else:
        for name, version in found["versions"].items():
            print(f"{name:20} {version}")
        for name in ("device", "cores", "home", "cache"):
            print(f"{name:20} {found[name]}")
        for problem in found["problems"]:
            print(f"problem: {problem['what']}. {problem['advice']}")
    if any(problem["severity"] == "error" for problem in found["problems"]):
        raise WorkFailed("something is broken; the lines above say how to mend it")
