"""What several studies have in common, and what not: in words, before their numbers stand beside one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from whence.report.words import NONE, counted, listed, signed
from whence.stats import weighted_tau

FEWEST = 3  # sources for an order to mean anything
_SHOWN = 8  # names in a list


def common_ground(tidy: pd.DataFrame) -> list[str]:
    """Sentences on the sources, targets and networks that the studies in `tidy` share; none for one study.

    Studies with other targets cannot be compared in AUC, but in which sources they prefer: of two studies, the
    weighted τ of the sources' mean places is given where they share three sources or more.
    """
    studies = [str(name) for name in dict.fromkeys(tidy["study"])]
    if len(studies) < 2:
        return []
    parts = [tidy[tidy["study"] == name] for name in studies]
    sentences = [
        *_shared(studies, parts, "source_name", "source"),
        *_shared(studies, parts, "target_name", "target"),
    ]
    sentences += _networks(studies, parts)
    if not _in_common(parts, "target_name"):
        sentences.append(
            "Without a target in common their AUCs cannot be compared; what can be compared is which sources did best."
        )
    return [*sentences, *_preferences(studies, parts)]


def _shared(studies: Sequence[str], parts: Sequence[pd.DataFrame], column: str, noun: str) -> Iterator[str]:
    everywhere = _in_common(parts, column)
    if everywhere:
        yield f"In common: {counted(len(everywhere), noun)} ({listed(everywhere, most=_SHOWN)})."
    else:
        yield f"No {noun} is in common."
    for study, part in zip(studies, parts, strict=True):
        if own := [name for name in _names(part, column) if name not in everywhere]:
            yield f"Only in {study}: {counted(len(own), noun)} ({listed(own, most=_SHOWN)})."


def _networks(studies: Sequence[str], parts: Sequence[pd.DataFrame]) -> Iterator[str]:
    networks = [_names(part, "backbone") for part in parts]
    if all(found == networks[0] for found in networks):
        yield f"All use the network {listed(networks[0])}."
    else:
        told = [f"{listed(found)} in {study}" for study, found in zip(studies, networks, strict=True)]
        yield f"Their networks differ: {listed(told)}."


def _preferences(studies: Sequence[str], parts: Sequence[pd.DataFrame]) -> Iterator[str]:
    places = [_places(part) for part in parts]
    for study, found in zip(studies, places, strict=True):
        if len(found) > 1:
            yield f"Best on average in {study}: {found.index[0]}."
    if len(places) == 2:
        first, second = places[0].align(places[1], join="inner")
        if len(first) >= FEWEST:
            value = float(weighted_tau(first, second))
            yield (
                f"The mean places of the {counted(len(first), 'source')} in common agree with a weighted τ of "
                f"{signed(value, 2)} (1: the same order, 0: none)."
            )


def _places(part: pd.DataFrame) -> pd.Series:
    """Of each source its mean AUC less the target's average, best first; targets with one source say nothing."""
    means = part.groupby(["configuration", "target_name", "source_name"])["auc"].mean().unstack()
    means = means[means.notna().sum(axis=1) > 1]
    relative = means.sub(means.mean(axis=1), axis=0).mean().dropna()
    return relative.sort_values(ascending=False, kind="stable")


def _in_common(parts: Sequence[pd.DataFrame], column: str) -> list[str]:
    return [name for name in _names(parts[0], column) if all(name in set(part[column]) for part in parts[1:])]


def _names(part: pd.DataFrame, column: str) -> list[str]:
    names = [str(name) for name in dict.fromkeys(part[column])]
    return sorted(names, key=lambda name: name == NONE)
