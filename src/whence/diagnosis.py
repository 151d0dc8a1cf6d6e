"""What is installed, which device, how large the cache is, what is broken and how to mend it."""

from __future__ import annotations

import os
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from whence.paths import home
from whence.records import Finding, as_row

PACKAGES = (
    "whence",
    "torch",
    "torchvision",
    "timm",
    "numpy",
    "scipy",
    "scikit-learn",
    "pandas",
    "pillow",
    "altair",
)
EXTRAS = {"scikit-image": "demo"}
LITTLE_SPACE = 2e9  # bytes; a study of a few datasets writes about this much


def versions() -> dict[str, str]:
    """Installed versions of whence and of what its numbers depend on."""
    return {name: found for name in PACKAGES if (found := _version(name))}


def diagnose() -> dict[str, Any]:
    """The document of `whence doctor`: versions, device, cores, home, cache (bytes in words) and problems."""
    problems = [*_import_problems(), *_home_problems()]
    for package, extra in EXTRAS.items():
        if not _version(package):
            problems.append(
                Finding(
                    "info",
                    f"{package} is not installed",
                    f"For `whence {extra}`: pip install 'whence[{extra}]'",
                )
            )
    return {
        "versions": versions(),
        "device": _device(),
        "cores": len(os.sched_getaffinity(0)),
        "home": str(home()),
        "cache": _in_words(_size(home())),
        "problems": [as_row(problem) for problem in problems],
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _import_problems() -> list[Finding]:
    found = []
    for module, package in (("torch", "torch"), ("timm", "timm torchvision"), ("sklearn", "scikit-learn")):
        try:
            __import__(module)
        except Exception as error:
            what = f"{module} cannot be imported ({type(error).__name__}: {error})"
            found.append(Finding("error", what, f"Install it again: pip install --force-reinstall {package}"))
    return found


def _home_problems() -> list[Finding]:
    folder = home()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".doctor.{os.getpid()}"
        probe.write_text("can be written")
        probe.unlink()
    except OSError as error:
        return [
            Finding("error", f"{folder} cannot be written ({error})", "Set WHENCE_HOME to a folder of yours")
        ]
    free = shutil.disk_usage(folder).free
    if free < LITTLE_SPACE:
        return [Finding("warning", f"{folder} has {_in_words(free)} left", "Free some, or move WHENCE_HOME")]
    return []


def _device() -> str:
    try:
        import torch
    except Exception:
        return "unknown: torch cannot be imported"
    return str(torch.cuda.get_device_name()) if torch.cuda.is_available() else "cpu"


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _in_words(size: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
