"""Known targets that resemble one's own, and what did best there: shown beside the ranking, not part of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from whence.knowledge import Descriptor, difference, family_of, plain_name

MOST = 3  # targets that are shown
TOP = 2  # sources named for each


def similar_targets(
    target: Descriptor, standing: pd.DataFrame, known: Mapping[str, Descriptor]
) -> list[dict[str, Any]]:
    """The known targets that resemble `target` most, nearest first, one of each family.

    `standing` is of other targets only; those of which `known` tells nothing are left out. Keys: `target`,
    `difference` (0 to 1, `knowledge.difference`), `told` (what it is like), `best` (its first sources, by mean
    rank over its tables).
    """
    names = [str(name) for name in standing["target"].unique() if plain_name(str(name)) in known]
    families = dict[str, str]()
    for name in sorted(names, key=lambda name: (difference(target, known[plain_name(name)]), name)):
        families.setdefault(family_of(name), name)
    return [
        {
            "target": name,
            "difference": round(difference(target, known[plain_name(name)]), 3),
            "told": known[plain_name(name)].told(),
            "best": _best(standing[standing["target"] == name]),
        }
        for name in list(families.values())[:MOST]
    ]


def same_kind(target: Descriptor | None, known: Mapping[str, Descriptor]) -> set[str]:
    """Plain names of the known targets that show the same kind of image; empty where the target's is not known."""
    if target is None or target.kind is None:
        return set()
    return {name for name, one in known.items() if one.kind == target.kind}


def _best(tables: pd.DataFrame) -> list[str]:
    means = tables.groupby("source")["rank"].mean().sort_index()
    return [str(source) for source in means.sort_values(kind="stable").index[:TOP]]
