"""`--only`: the jobs of a plan that a user names by a part of their words, or by the beginning of their key."""

from __future__ import annotations

import re
from collections.abc import Sequence

from whence.errors import InputError
from whence.study.memory import settled
from whence.study.plan import Entry, Plan
from whence.study.words import describe


def selected(plan: Plan, patterns: Sequence[str]) -> set[str] | None:
    """What the jobs that any of `patterns` names are called (`describe`); None, for all of them, without a pattern.

    A pattern is found anywhere in a job's words, capitals or not, with `*` for any text: "natural*xrays, fold 1". Or it
    is the beginning of a key, of six letters at least. Raises `InputError` for one that names nothing.
    """
    found: set[str] = set()
    entries = [*plan.entries, *settled(plan.entries)] if patterns else []
    for pattern in patterns:
        named = {describe(entry) for entry in entries if _names(pattern, entry)}
        if not named:
            raise InputError(
                f"--only {pattern!r} names no job of study {plan.study.name!r}; a job is called such as "
                f"{describe(entries[-1])!r}, and a pattern is any part of that, with * for what lies between"
            )
        found |= named
    return found if patterns else None


def _names(pattern: str, entry: Entry) -> bool:
    if len(pattern) >= 6 and entry.job.key.startswith(pattern):
        return True
    parts = (re.escape(part) for part in pattern.split("*"))
    return re.search(".*".join(parts), describe(entry), re.IGNORECASE) is not None
