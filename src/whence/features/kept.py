"""Arrays that are computed once and then read from disk: named by all that decides them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whence.paths import home, replacing


def kept_path(**parts: Any) -> Path:
    """Where the array that `parts` (JSON values) decide is kept."""
    key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
    return home() / "features" / f"{key}.npy"


def read_kept(path: Path, rows: int) -> NDArray[np.float32] | None:
    """The array kept at `path`, or None where there is none of so many rows."""
    if not path.exists():
        return None
    stored: NDArray[np.float32] = np.load(path, allow_pickle=False)
    return stored if len(stored) == rows else None


def keep(path: Path, array: NDArray[np.float32]) -> None:
    """Write an array so that a kill never leaves half of it."""
    with replacing(path, "wb") as file:
        np.save(file, array, allow_pickle=False)
