"""The table of named datasets in the docs, made from their cards.

`python -m whence.data.catalogue docs/datasets.md` makes it anew.
"""

from __future__ import annotations

import sys
from pathlib import Path

from whence.data.named import card_of, known_names
from whence.records import Card

BEGIN, END = "<!-- the cards of whence.data.named begin -->", "<!-- the cards of whence.data.named end -->"
SCHEMES = ("paper", "medmnist", "demo")
HEADER = ("name", "what", "origin", "modality", "images", "classes", "licence")


def table() -> str:
    """A Markdown table of the datasets whose facts are known without opening them."""
    names = sorted((n for n in known_names() if n.partition(":")[0] in SCHEMES), key=_order)
    rows = [_row(card_of(name)) for name in names]
    lines = [f"| {' | '.join(cells)} |" for cells in (HEADER, ("---",) * len(HEADER), *rows)]
    return "\n".join(lines)


def renewed(page: str) -> str:
    """A page with the table between its two marks made anew."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page does not hold {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def _order(name: str) -> tuple[int, str]:
    return SCHEMES.index(name.partition(":")[0]), name


def _row(card: Card) -> tuple[str, ...]:
    return (
        f"`{card.name}`",
        card.title,
        card.origin or "",
        card.modality or "",
        _count(card, "images"),
        _count(card, "classes"),
        card.licence or "",
    )


def _count(card: Card, key: str) -> str:
    """The real count, and the paper's printed one where that is another."""
    real, printed = card.expected.get(key), card.printed.get(key)
    if key == "images" and "volumes" in card.expected:
        return f"{card.expected['volumes']:,} volumes"
    if real is None:
        return f"printed {printed:,}" if printed is not None else ""
    return f"{real:,}" + (f" (printed {printed:,})" if printed not in (None, real) else "")


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(renewed(file.read_text(encoding="utf-8")), encoding="utf-8")
