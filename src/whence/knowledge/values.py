"""A study's scores and distances as they lie in tables beside its outcomes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from whence.errors import InputError
from whence.records import Value, column_names

FILES = {"scores.csv": "score", "distances.csv": "distance", "values.csv": ""}
NEEDED = ("measure", "source", "target", "value")


def read_values(folder: Path, more: Iterable[str | Path] = ()) -> pd.DataFrame:
    """What `scores.csv`, `distances.csv` and `values.csv` in a study's folder hold, and further tables.

    Needed columns: measure, source, target, value; kind ("score" or "distance") where the file's name does not tell it.
    A distance that is the same in both directions may stand in one. A measure with values from several layers is one
    measure per layer. A column `backbone`, where there is one, says of which network a value speaks: it counts for
    outcomes of that network only. Raises `InputError` for another table.
    """
    files = [folder / name for name in FILES if (folder / name).exists()]
    tables = [_read(file) for file in [*files, *map(Path, more)]]
    filled = [table for table in tables if len(table)]
    if not filled:
        return pd.DataFrame(columns=[*column_names(Value), "backbone"])
    return _both_ways(pd.concat(filled, ignore_index=True))


def _both_ways(values: pd.DataFrame) -> pd.DataFrame:
    """The values and, of distances known to be symmetric, those of the opposite direction where they are not given."""
    from whence.measures import of_kind

    symmetric = {measure.name for measure in of_kind("distance", (), "") if measure.symmetric}
    given = values[values["measure"].isin(symmetric) & (values["kind"] == "distance")]
    turned = given.assign(source=given["target"], target=given["source"])
    keys = ["measure", "source", "target"]
    known = set(values[keys].itertuples(index=False, name=None))
    new = [key not in known for key in turned[keys].itertuples(index=False, name=None)]
    return pd.concat([values, turned[new]], ignore_index=True) if any(new) else values


def _read(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, keep_default_na=False, na_values={"value": [""], "low": [""], "high": [""]})
    except (OSError, ValueError) as error:
        raise InputError(f"{str(path)!r} cannot be read as a table of scores ({error})") from error
    missing = [name for name in NEEDED if name not in table.columns]
    if missing:
        raise InputError(
            f"{str(path)!r} lacks the column {', '.join(missing)}; it has {', '.join(map(str, table.columns))}; "
            f"needed: {', '.join(NEEDED)}"
        )
    if "kind" not in table.columns:
        table["kind"] = FILES.get(path.name) or ("distance" if "distance" in path.stem else "score")
    wrong = set(table["kind"]) - {"score", "distance"}
    if wrong:
        raise InputError(f"{str(path)!r} holds the kind {min(wrong)!r}; accepted: score, distance")
    values = pd.to_numeric(table["value"], errors="coerce")
    return (
        one_measure_a_layer(table)
        .assign(value=values)[values.notna()]
        .reindex(columns=[*column_names(Value), "backbone"])
    )


def one_measure_a_layer(table: pd.DataFrame) -> pd.DataFrame:
    """The table with a measure's layer in its name, where it was taken at several."""
    if "layer" not in table.columns:
        return table
    layers = table.groupby("measure")["layer"].transform("nunique")
    names = [
        f"{measure}, {layer}" if several > 1 else measure
        for measure, layer, several in zip(table["measure"], table["layer"], layers, strict=True)
    ]
    return table.assign(measure=names)
