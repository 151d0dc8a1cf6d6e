"""A licence as people write it, and as the hub and Croissant want it."""

from __future__ import annotations

import re
from typing import Any

_HUB = {  # beginning of the written licence, in small letters without punctuation → the hub's identifier
    "cc0": "cc0-1.0",
    "public domain": "cc0-1.0",
    "apache 2.0": "apache-2.0",
    "mit": "mit",
    "bsd 3 clause": "bsd-3-clause",
}
_LINKS = {
    "cc0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
    "mit": "https://opensource.org/license/mit",
    "bsd-3-clause": "https://opensource.org/license/bsd-3-clause",
}
_CREATIVE = re.compile(r"cc[ -](by(?:-(?:nc|nd|sa|nc-sa|nc-nd))?)[ -]([234]\.[05])")


def hub_licence(written: str | None) -> str | None:
    """The hub's identifier of a written licence; None where nothing is written, "other" where it is none of ours.

    Only a text that is one licence alone is taken for it: "CC0 (cat); CC BY 2.0 (flower)" are two, hence "other".
    """
    if not written or not written.strip():
        return None
    text = re.sub(r"\s+", " ", written.casefold()).strip(" .")
    creative = _CREATIVE.fullmatch(text)
    if creative:
        return f"cc-{creative[1]}-{creative[2]}"
    words = text.replace("-", " ").removesuffix(" license").removesuffix(" licence")
    return _HUB.get(words, _HUB.get(words.removesuffix(" 1.0"), "other"))


def licence_fields(written: str | None) -> dict[str, Any]:
    """The hub's fields for a written licence: what is none of those it knows keeps its own words."""
    found = hub_licence(written)
    if found is None:
        return {}
    if found == "other":
        return {"license": "other", "license_name": " ".join((written or "").split())}
    return {"license": found}


def licence_link(written: str | None) -> str | None:
    """Where the licence can be read, if it is a known one; otherwise its words; None where nothing is written."""
    found = hub_licence(written)
    if found is None or found == "other":
        return " ".join(written.split()) if written and found else None
    if found in _LINKS:
        return _LINKS[found]
    _, kind, version = re.match(r"(cc)-(.*)-([\d.]+)$", found).groups()  # type: ignore[union-attr]
    return f"https://creativecommons.org/licenses/{kind}/{version}/"
