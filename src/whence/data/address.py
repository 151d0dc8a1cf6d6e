"""The grammar of a dataset's address: `BASE[option,option=value][…]`.

A base is a path, a `scheme:name`, or `mix(ADDRESS, ADDRESS, ratio=1:2)`. A value that holds a comma, a bracket or a
quote is written in double quotes, where a backslash takes the next character as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from whence.errors import InputError

Option = tuple[str, str]  # (key, value); the value of a bare word is ""
LADDER = "ladder"

_KEY = r"[A-Za-z_][A-Za-z0-9_]*"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_PLAIN = r"""[^\[\],"]*"""
_OPTION = rf"\s*(?:{_KEY})\s*(?:=\s*(?:{_QUOTED}|{_PLAIN})\s*)?"
_BRACKETS = re.compile(rf"(?:\[{_OPTION}(?:,{_OPTION})*\]\s*)+")
_ONE = re.compile(rf"[\[,]\s*({_KEY})\s*(?:=\s*({_QUOTED}|{_PLAIN}))?\s*(?=[,\]])")
_TOKEN = re.compile(rf"{_QUOTED}|.", re.DOTALL)  # a quoted text, or one letter
_SEPARATORS = "|;:"
_MIX = re.compile(r"mix\s*\((.*)\)", re.DOTALL)


@dataclass(frozen=True)
class Address:
    """An address taken apart: what to open, and what is asked of it, in the order in which it was written."""

    base: str
    options: tuple[Option, ...] = ()

    def __str__(self) -> str:
        """The address in its one canonical spelling; parsing it gives the same again."""
        return self.base + brackets(self.options)


def parse_address(text: str) -> Address:
    """Take an address apart, with as many brackets at its end as can be read. Raises `InputError` for none."""
    return possible_addresses(text)[0]


def possible_addresses(text: str) -> list[Address]:
    """Every way to take an address apart, the shortest base first: a folder may be called "scans[old]" itself.

    Raises `InputError` where it ends in brackets that cannot be read.
    """
    text = text.strip()
    if not text.endswith("]"):
        return [Address(text)]
    starts = [
        place for place, letter in enumerate(text) if letter == "[" and _BRACKETS.fullmatch(text, place)
    ]
    if not starts:
        raise InputError(
            f"the brackets of {text!r} cannot be read; accepted is NAME[option=value,option], such as "
            'paper:dtd[n=1000], with a value in double quotes where it holds a comma or a bracket: [label="a, b"]'
        )
    found = []
    for start in starts:
        options = tuple((key, _unquoted(value)) for key, value in _ONE.findall(text, start))
        found.append(Address(text[:start].rstrip(), options))
    return found


def brackets(options: Iterable[Option]) -> str:
    """Options as they stand at the end of an address: "[n=1000,grey]", or "" without any."""
    written = ",".join(key if value == "" else f"{key}={_quoted(value)}" for key, value in options)
    return f"[{written}]" if written else ""


def mixture(base: str) -> tuple[tuple[str, ...], tuple[Option, ...]] | None:
    """The addresses and the settings inside `mix(…)`, or None where the base is no mixture."""
    inside = _MIX.fullmatch(base.strip())
    if inside is None:
        return None
    addresses: list[str] = []
    settings: list[Option] = []
    for part in _split_at_top(inside[1]):
        setting = re.fullmatch(rf"({_KEY})\s*=([^\[\]()]*)|apart", part)
        if setting is None:
            addresses.append(_unquoted(part) if re.fullmatch(_QUOTED, part) else part)
        else:
            settings.append((setting[1] or part, (setting[2] or "").strip()))
    return tuple(addresses), tuple(settings)


def write_mixture(addresses: Iterable[str], settings: Iterable[Option]) -> str:
    """The opposite of `mixture`: an address with commas or parentheses of its own is quoted."""
    parts = [
        part if _split_at_top(part) == [part] and not re.search("[()]", part) else _quote(part)
        for part in addresses
    ]
    return f"mix({', '.join(parts + [key if value == '' else f'{key}={value}' for key, value in settings])})"


def expanded(text: str) -> list[str]:
    """The addresses that one with `[ladder=100|400|1600]` stands for, `[n=100]`, `[n=400]` …; else the address itself.

    Raises `InputError` for two ladders in one address.
    """
    if "ladder" not in text or not text.strip().endswith("]"):
        return [text]
    address = parse_address(text)
    places = [place for place, (key, _) in enumerate(address.options) if key == LADDER]
    if not places:
        return [text]
    if len(places) > 1:
        raise InputError(f"{text!r} has two ladders; accepted is one")
    before, after = address.options[: places[0]], address.options[places[0] + 1 :]
    sizes = cut_values(address.options[places[0]][1], "|")
    return [str(Address(address.base, (*before, ("n", size.strip()), *after))) for size in sizes]


def cut_values(text: str, separator: str) -> list[str]:
    """A value that lists several, cut at `separator`, except where a backslash stands before it."""
    parts, start = [], 0
    for token in re.finditer(r"\\.|.", text, re.DOTALL):
        if token[0] == separator:
            parts.append(text[start : token.start()])
            start = token.end()
    return [*parts, text[start:]]


def escaped(name: str) -> str:
    """A name as it stands in a list of names: with a backslash before what would end it."""
    return re.sub(rf"([\\{_SEPARATORS}])", r"\\\1", name)


def unescaped(text: str) -> str:
    """The opposite of `escaped`."""
    return re.sub(r"\\(.)", r"\1", text.strip(), flags=re.DOTALL)


def split_names(text: str) -> list[str]:
    """The names of `a|b|c`."""
    return [unescaped(part) for part in cut_values(text, "|")]


def join_names(names: Iterable[str]) -> str:
    """The opposite of `split_names`."""
    return "|".join(map(escaped, names))


def _split_at_top(text: str) -> list[str]:
    """Cut at the commas that stand in no bracket and no quotes."""
    parts, depth, start = [], 0, 0
    for token in _TOKEN.finditer(text):
        depth += (token[0] in "[(") - (token[0] in "])")
        if token[0] == "," and depth == 0:
            parts.append(text[start : token.start()])
            start = token.end()
    return [part.strip() for part in [*parts, text[start:]] if part.strip()]


def _quoted(value: str) -> str:
    if re.fullmatch(r"[^\[\](),\"\s]+(?: [^\[\](),\"\s]+)*", value):
        return value
    return _quote(value)


def _quote(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unquoted(value: str) -> str:
    if value.startswith('"'):
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value.strip()
