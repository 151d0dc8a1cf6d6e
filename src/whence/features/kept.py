"""Arrays that are computed once and then read from disk: named by all that decides them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whence.data.kept import read_array
from whence.paths import home


def kept_path(**parts: Any) -> Path:
    """Where the array that `parts` (JSON values) decide is kept."""
    key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
    return home() / "features" / f"{key}.npy"


def read_kept(path: Path, rows: int) -> NDArray[np.float32] | None:
    """The array kept at `path`, or None where there is none of so many rows."""
    stored = read_array(path)
    return stored if stored is not None and len(stored) == rows else None
