"""Results that a dataset's content alone decides, kept under `home()`: what took seconds is not worked out again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from whence.paths import home, replacing


def kept_array(kind: str, key: str, make: Callable[[], npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """The array that was kept for `key` among those of `kind`, or the one that `make` gives now, kept from now on.

    `kind` says what it is and in which version; a damaged file is no error: the array is made anew.
    """
    path = home() / kind / f"{key}.npy"
    found = read_array(path)
    if found is None:
        found = make()
        write_array(path, found)
    return found


def read_array(path: Path) -> npt.NDArray[Any] | None:
    """The array kept at `path`, or None where there is none or the file is damaged."""
    try:
        found: npt.NDArray[Any] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found


def write_array(path: Path, array: npt.NDArray[Any]) -> None:
    """Keep an array at `path`; a kill never leaves half of it."""
    with replacing(path, "wb") as file:
        np.save(file, array, allow_pickle=False)
