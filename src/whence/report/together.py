"""Several studies on one page: two networks, two recipes, two sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from whence.errors import InputError
from whence.report.results import StudyResults


def together(found: Sequence[StudyResults]) -> StudyResults:
    """The results of one study as they are, of several in one; which study a row is of says its column `study`.

    Datasets that two studies call alike though their images differ are told apart by the study's name behind theirs.

    Raises `InputError` where two studies have the same name.
    """
    if len(found) == 1:
        return found[0]
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"two of the studies are both called {name!r}; give each study file a name of its own"
            )
    found = _told_apart(found)
    datasets: dict[str, dict[str, Any]] = {}
    for one in found:
        for document in one.datasets:
            known = datasets.setdefault(str(document["name"]), dict(document))
            if known.get("role") != document.get("role"):
                known["role"] = "both"
    settings, origins = _settings(found)
    return StudyResults(
        name=" and ".join(names),
        values=_joined([one.values for one in found]),
        outcomes=_joined([one.outcomes for one in found]),
        pretrainings=_joined([one.pretrainings for one in found]).drop_duplicates("job"),
        curves=_joined([one.curves for one in found]).drop_duplicates(["job", "epoch"]),
        predictions=pd.concat([one.predictions for one in found], ignore_index=True).drop_duplicates(
            ["job", "image"]
        ),
        datasets=list(datasets.values()),
        settings=settings,
        origins=origins,
        transferability=found[0].transferability,
        recipes={name: recipe for one in found for name, recipe in one.recipes.items()},
        parameters={name: count for one in found for name, count in one.parameters.items()},
        versions=found[0].versions,
        seconds=sum(one.seconds for one in found),
        failures=[failure for one in found for failure in one.failures],
        findings=list({str(finding): finding for one in found for finding in one.findings}.values()),
        leaks=list(dict.fromkeys(leak for one in found for leak in one.leaks)),
    )


def _told_apart(found: Sequence[StudyResults]) -> list[StudyResults]:
    """The studies, with the name of its study behind each dataset that is called alike but holds other images."""
    prints: dict[str, set[str]] = {}
    for one in found:
        for document in one.datasets:
            if document.get("fingerprint"):
                prints.setdefault(str(document["name"]), set()).add(str(document["fingerprint"]))
    several = {name for name, different in prints.items() if len(different) > 1}
    return [_renamed(one, {name: f"{name} ({one.name})" for name in several}) for one in found]


def _renamed(one: StudyResults, names: Mapping[str, str]) -> StudyResults:
    def renamed(table: pd.DataFrame) -> pd.DataFrame:
        columns = [column for column in ("source", "target") if column in table]
        return table.assign(**{column: table[column].replace(dict(names)) for column in columns})

    return replace(
        one,
        outcomes=renamed(one.outcomes),
        pretrainings=renamed(one.pretrainings),
        values=renamed(one.values),
        datasets=[d | {"name": names.get(str(d["name"]), d["name"])} for d in one.datasets],
    )


def _joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)] or [tables[0]]
    return pd.concat(filled, ignore_index=True).drop_duplicates(ignore_index=True)


def _settings(found: Sequence[StudyResults]) -> tuple[dict[str, Any], dict[str, str]]:
    """What all studies share is said once, the rest with the study's name."""
    settings: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for field in dict.fromkeys(field for one in found for field in one.settings):
        values = [one.settings.get(field) for one in found]
        alike = all(str(value) == str(values[0]) for value in values)
        for one, value in zip(found, values, strict=True):
            name = field if alike else f"{field} ({one.name})"
            if field in one.settings:
                settings[name] = value
            if field in one.origins:
                origins[name] = one.origins[field]
    return settings, origins
