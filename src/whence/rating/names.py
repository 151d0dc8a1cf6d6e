"""What a rater may be called, and the name of the file in which the answers lie."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from whence.errors import InputError

AUTOMATIC = "automatic"  # the rater that is no person
LONGEST = 60
_LONGEST_STEM = 40


def checked_name(text: str) -> str:
    """A rater's name as it is kept: one line, no outer blanks. Raises `InputError` for one that cannot be taken."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise InputError("a rater needs a name; type yours, or any word by which you will know your answers")
    if len(name) > LONGEST:
        raise InputError(f"the name has {len(name)} characters; at most {LONGEST} are accepted")
    if (
        not name[0].isalnum() or not name.isprintable()
    ):  # a cell that starts with "=" is a formula to a spreadsheet
        raise InputError(
            f"the name {name!r} cannot be taken; accepted is one that begins with a letter or a digit"
        )
    if same(name, AUTOMATIC):
        raise InputError(f"{AUTOMATIC!r} is the rater that is no person; choose another name")
    return name


def same(name: str, other: str) -> bool:
    """Whether two names are one rater's: they may differ in capitals."""
    return name.casefold() == other.casefold()


def file_stem(name: str) -> str:
    """A file's name without suffix: small letters, digits and hyphens only, so never a path; one for each rater.

    Where letters are lost, eight hex digits of the whole name keep "José" and "Jose" apart.
    """
    folded = name.casefold()
    plain = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode("ascii")
    stem = re.sub("[^a-z0-9]+", "-", plain)[:_LONGEST_STEM].strip("-")
    if stem == folded:
        return stem
    return f"{stem}-{hashlib.sha256(folded.encode()).hexdigest()[:8]}".lstrip("-")
