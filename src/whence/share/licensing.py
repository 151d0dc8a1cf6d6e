"""Whether something may be given away under a licence, as far as the words of the data's own licence tell."""

from __future__ import annotations

import re

from whence.errors import InputError
from whence.share.cards.licences import hub_licence

_RESTRICTED = re.compile(r"non[\s-]?commercial|\bnc\b|research|education|academic", re.IGNORECASE)


def restricted(written: str | None) -> bool:
    """Whether a licence, in the words in which it is written, forbids use in trade or allows research only."""
    return bool(written and _RESTRICTED.search(written))


def licence_for(of_data: str | None, asked: str | None, what: str) -> tuple[str | None, str]:
    """The licence under which what was made from the data is given away, and what there is to say about it.

    Without `asked` it is that of the data. Raises `InputError` where the data are for non-commercial use or research
    only and `asked` does not say so: a permissive licence would give away more than one has.
    """
    if asked and restricted(of_data) and not restricted(asked):
        raise InputError(
            f"{what} was made from data under {of_data!r} and cannot be shared under {asked!r}; leave --licence out to "
            f"share it under the data's own, or give one that is for non-commercial use too, such as 'CC BY-NC 4.0'"
        )
    chosen = asked or of_data or None
    if not of_data:
        under = f"shared under {asked!r} on your word" if asked else "its card says so; --licence names one"
        return chosen, f"the licence of the data behind {what} is not known: {under}"
    if not asked and hub_licence(of_data) == "other":
        return chosen, f"{what} is shared under the words of its data's licence: {of_data}"
    return chosen, ""
