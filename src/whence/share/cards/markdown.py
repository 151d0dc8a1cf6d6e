"""What all cards share: Markdown in which a name stays a name, tables, and the words for what is not known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

UNKNOWN = "not known"
NOT_A_DEVICE = (
    "For research on transfer learning. Not a medical device: not for diagnosis, triage or treatment. Whoever uses it "
    "tests it on their own images first, from their own scanners, and keeps patients apart in doing so."
)
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&$!])")


def plain(text: object) -> str:
    """Any text on one line, with what Markdown or HTML would take for more than text escaped."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split())).replace("\\<", "&lt;").replace("\\>", "&gt;")


def code(text: object) -> str:
    """A text as it stands, as code; backticks inside do not end it."""
    line = " ".join(str(text).split()).replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; cells that are already Markdown are given as `Raw`."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += [
        "| " + " | ".join(cell if isinstance(cell, Raw) else plain(cell) for cell in row) + " |"
        for row in rows
    ]
    return "\n".join(lines)


class Raw(str):
    """Markdown that is not to be escaped again."""


def facts(values: Mapping[str, object]) -> str:
    """A list of what is known, one line each; None and "" are said to be unknown."""
    return "\n".join(f"- **{name}:** {_told(value)}" for name, value in values.items())


def sections(parts: Mapping[str, str]) -> str:
    """Parts under their headings; empty ones are left out."""
    return "\n\n".join(f"## {title}\n\n{text}" for title, text in parts.items() if text)


def document(front: Any, title: str, lead: str, parts: Mapping[str, str]) -> str:
    """A whole card: `front` is the hub's card data, which writes its own YAML."""
    return f"---\n{front.to_yaml()}\n---\n\n# {plain(title)}\n\n{lead}\n\n{sections(parts)}\n"


def number(value: float | None, digits: int = 3) -> str:
    """A number with so many decimals, or that it is unknown."""
    return UNKNOWN if value is None or value != value else f"{value:.{digits}f}"


def energy(kilowatt_hours: float) -> str:
    """An energy as people say it, or that nobody measured it."""
    if kilowatt_hours != kilowatt_hours:
        return "not measured"
    return f"{kilowatt_hours:.3g} kWh, estimated by codecarbon"


def _told(value: object) -> str:
    if value is None or value == "":
        return UNKNOWN
    return value if isinstance(value, Raw) else plain(value)
