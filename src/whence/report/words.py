"""How a page writes names, numbers and lists: short, honest about digits, the same everywhere."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any

NONE = "none"  # the source of random initialisation: the baseline
MISSING = "–"
NOT_MEASURED = "not measured"
_LONGEST_NAME = 24
_SUFFIXES = (".safetensors", ".pth", ".pt", ".bin", ".npz", ".csv", ".onnx", ".h5")
_NUMBER_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def display_names(names: Iterable[str]) -> dict[str, str]:
    """A short and unique name for each name: a path loses its folders and suffix, a long name its middle.

    Where two would be the same, their last folder is put before them; if they still are, they are numbered.
    """
    full = list(dict.fromkeys(names))
    short = {name: _shortened(_last_parts(name, 1)) for name in full}
    shared = {shown for shown, n in Counter(short.values()).items() if n > 1}
    short |= {name: _shortened(_last_parts(name, 2)) for name in full if short[name] in shared}
    taken: set[str] = set()
    for name in full:
        plain, number = short[name], 1
        while short[name] in taken:
            number += 1
            short[name] = f"{plain} ({number})"
        taken.add(short[name])
    return short


def number(value: Any, digits: int = 3) -> str:
    """A number with a fixed count of decimals, or a dash where there is none."""
    return MISSING if is_missing(value) else f"{float(value):.{digits}f}"


def count(value: Any) -> str:
    """A whole number with thousands set apart, or a dash where there is none."""
    return MISSING if is_missing(value) else f"{int(value):,}"


def plus_minus(mean: Any, sd: Any, digits: int = 3) -> str:
    """A mean with its standard deviation, or alone where one fold gives none."""
    return number(mean, digits) if is_missing(sd) else f"{number(mean, digits)} ± {number(sd, digits)}"


def gain(mean: Any, sd: Any = None, digits: int = 1) -> str:
    """A transferability in percent, always signed; "not measured" where `none` was not measured."""
    if is_missing(mean):
        return NOT_MEASURED
    shown = signed(mean, digits)
    return f"{shown} %" if is_missing(sd) else f"{shown} ± {float(sd):.{digits}f} %"


def signed(value: Any, digits: int = 3) -> str:
    """A difference with its sign, always shown."""
    return f"{float(value):+.{digits}f}".replace("-", "−")


def percent(share: Any) -> str:
    """A share in [0, 1] as a whole percentage, or a dash where there is none."""
    return MISSING if is_missing(share) else f"{100 * float(share):.0f} %"


def duration(seconds: float) -> str:
    """A time as people say it: "45 s", "12 min", "3 h 20 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"


def counted(n: int, noun: str) -> str:
    """A count in words with its noun, in the plural where it belongs: "one fold", "five folds", "12 folds"."""
    words = _NUMBER_WORDS[n] if 0 <= n < len(_NUMBER_WORDS) else f"{n:,}"
    return f"{words} {noun}{'' if n == 1 else 's'}"


def listed(items: Sequence[str], most: int = 5) -> str:
    """A list in a sentence: "a", "a and b", "a, b and c", "a, b and 3 others"."""
    if len(items) > most:
        items = [*items[: most - 1], f"{len(items) - most + 1} others"]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def file_name(*parts: str) -> str:
    """Words as the name of a file: letters, digits and underscores."""
    return re.sub(r"[^A-Za-z0-9]+", "_", " ".join(parts)).strip("_")


def capitalised(sentence: str) -> str:
    """A sentence with a capital first letter, the rest untouched (`str.capitalize` would lower it)."""
    return sentence[:1].upper() + sentence[1:]


def is_missing(value: Any) -> bool:
    """Whether a value is absent: None, NaN or pandas' NA."""
    return value is None or str(value) in ("<NA>", "NaT") or (isinstance(value, float) and math.isnan(value))


def _last_parts(name: str, parts: int) -> str:
    looks_like_a_path = name.startswith(("file:", "/", "./", "../", "~", "hf-hub:")) or name.endswith(
        _SUFFIXES
    )
    if not looks_like_a_path:
        return name
    path = PurePosixPath(name.removeprefix("file:").removeprefix("hf-hub:").replace("\\", "/"))
    last = path.name or name
    for suffix in _SUFFIXES:
        last = last.removesuffix(suffix)
    folders = [part for part in path.parent.parts if part not in ("/", ".", "..", "~")]
    return "/".join([*folders[-(parts - 1) :], last]) if parts > 1 else last


def _shortened(name: str) -> str:
    if len(name) <= _LONGEST_NAME:
        return name
    head = _LONGEST_NAME * 3 // 5
    return f"{name[:head]}…{name[-(_LONGEST_NAME - head - 1) :]}"
