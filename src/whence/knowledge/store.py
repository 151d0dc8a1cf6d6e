"""All outcomes that are known, in one table: those shipped and the user's own, which never leave the machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from whence.errors import InputError, unknown_name
from whence.knowledge.evidence import forget_values, kept_values, known_values
from whence.knowledge.grid import GRID, grid_outcomes
from whence.knowledge.published import CITATIONS, published_outcomes
from whence.paths import file_name, home, replacing

if TYPE_CHECKING:
    import pandas as pd

SHIPPED = {**CITATIONS, **GRID}
NEEDED = ("study", "source", "target", "backbone", "auc")
KEPT = (
    *NEEDED[:4],
    "target_variant",
    "target_fingerprint",
    "recipe",
    "fold",
    "seed",
    "auc",
    "provenance",
)


@dataclass(frozen=True, slots=True)
class Known:
    """One body of knowledge: what it is called, how much it holds, where it comes from."""

    name: str
    outcomes: int
    scores: int
    distances: int
    sources: int
    targets: int
    backbones: tuple[str, ...]
    provenance: str
    published: bool


def outcomes_of(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Tables of outcomes under one another; further columns are kept and are missing where a table lacks them.

    Each table needs the columns study, source, target, backbone and auc (in [0, 1]); fold, seed and
    target_fingerprint are used where present. Rows without an AUC (a failed fold) are dropped.
    Raises `InputError` for a table without the columns or with an AUC outside [0, 1].
    """
    import pandas as pd

    kept = []
    for number, table in enumerate(tables, start=1):
        missing = [column for column in NEEDED if column not in table.columns]
        if missing:
            raise InputError(
                f"outcomes table {number} lacks the column {', '.join(missing)}; "
                f"it has {', '.join(map(str, table.columns))}; needed: {', '.join(NEEDED)}"
            )
        auc = pd.to_numeric(table["auc"], errors="coerce")
        words = table.loc[auc.isna() & table["auc"].notna(), "auc"]
        if len(words):
            raise InputError(
                f"outcomes table {number} holds an AUC of {words.iloc[0]!r}; accepted: a number from 0 to 1"
            )
        table = table.assign(auc=auc)[auc.notna()]
        outside = table.loc[~table["auc"].between(0, 1), "auc"]
        if len(outside):
            raise InputError(f"outcomes table {number} holds an AUC of {outside.iloc[0]}; accepted: 0 to 1")
        if len(table):
            kept.append(table)
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=list(NEEDED))


def known_outcomes(*, without_target: str = "") -> pd.DataFrame:
    """The published outcomes, those of our grid, and the user's own; `provenance` says of each row where it is from.

    `without_target`: a dataset's fingerprint; outcomes on it are left out, whatever it was called then.
    """
    known = outcomes_of([_shipped(), own_outcomes()])
    return known[known["target_fingerprint"] != without_target] if without_target else known


def own_outcomes() -> pd.DataFrame:
    """What the user's studies have measured and what was added by hand, with provenance in every row."""
    return outcomes_of([_read(file) for file in _files()])


def remember(name: str, outcomes: pd.DataFrame, provenance: str) -> str:
    """Keep a table of outcomes; what came from the same place under this name before is replaced.

    Returns the name under which it is kept: where another body of outcomes has it already, a number is put behind.
    Raises `InputError` for a table that `outcomes_of` refuses.
    """
    table = outcomes_of([outcomes]).reindex(columns=list(KEPT)).assign(provenance=provenance)
    if not len(table):
        raise InputError(f"{provenance} holds no outcome: there is nothing to add")
    wanted = file_name(name, "outcomes")
    taken = {file.stem: _read(file)["provenance"].iloc[0] for file in _files()}
    kept, number = wanted, 1
    while taken.get(kept, provenance) != provenance or kept in SHIPPED:
        number += 1
        kept = f"{wanted}-{number}"
    with replacing(_folder() / f"{kept}.csv", newline="") as file:
        table.to_csv(file, index=False)
    return kept


def forget(name: str) -> None:
    """Remove one body of the user's own by its name. Raises `InputError` for an unknown or a shipped one."""
    if name in SHIPPED:
        raise InputError(f"{name!r} is shipped with whence; only your own can be removed")
    names = {file.stem for file in _files()} | kept_values()
    if name not in names:
        raise unknown_name("body of outcomes", name, names)
    (_folder() / f"{name}.csv").unlink(missing_ok=True)
    forget_values(name)


def bodies() -> list[Known]:
    """What is known, one entry per study that is shipped and per body of the user's own."""
    values = {str(name): table for name, table in known_values().groupby("body")}
    shipped, own = _shipped(), {file.stem: _read(file) for file in _files()}
    outcomes = {name: shipped[shipped["study"] == name] for name in SHIPPED} | own
    return [
        _described(
            name, outcomes.get(name, shipped.head(0)), values.get(name, shipped.head(0)), name in SHIPPED
        )
        for name in [*SHIPPED, *sorted({*own, *values} - {*SHIPPED})]
    ]


def _shipped() -> pd.DataFrame:
    """What is shipped, its citation as the provenance of every row."""
    table = outcomes_of([published_outcomes(), grid_outcomes()])
    return table.assign(provenance=table["study"].map(SHIPPED))


def _described(name: str, outcomes: pd.DataFrame, values: pd.DataFrame, shipped: bool) -> Known:
    both = [table for table in (outcomes, values) if len(table)]
    kinds = list(values["kind"]) if len(values) else []

    def names(column: str) -> set[str]:
        return {str(text) for table in both for text in table[column] if text}

    return Known(
        name,
        outcomes=len(outcomes),
        scores=kinds.count("score"),
        distances=kinds.count("distance"),
        sources=len(names("source")),
        targets=len(names("target")),
        backbones=tuple(sorted(names("backbone"))),
        provenance=str(both[0]["provenance"].iloc[0]),
        published=shipped,
    )


def _folder() -> Path:
    return home() / "knowledge"


def _files() -> list[Path]:
    return sorted(_folder().glob("*.csv"))


def _read(file: Path) -> pd.DataFrame:
    import pandas as pd

    text = dict.fromkeys(
        ("source", "target", "target_variant", "target_fingerprint", "recipe", "provenance"), str
    )
    try:
        table = pd.read_csv(file, dtype=text, keep_default_na=False, na_values={"auc": [""]})
        if set(KEPT) - set(table.columns) or not len(table):
            raise ValueError(f"it needs the columns {', '.join(KEPT)}, and a row")
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise InputError(
            f"{str(file)!r} cannot be read as outcomes ({error}); remove it by whence knowledge remove {file.stem}"
        ) from error
    return table
