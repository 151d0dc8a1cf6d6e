"""All outcomes that are known, in one table: the published ones and the user's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from whence.errors import InputError
from whence.knowledge.published import published_outcomes

if TYPE_CHECKING:
    import pandas as pd

NEEDED = ("study", "source", "target", "backbone", "auc")


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
        table = table[table["auc"].notna()]
        outside = table.loc[~table["auc"].between(0, 1), "auc"]
        if len(outside):
            raise InputError(f"outcomes table {number} holds an AUC of {outside.iloc[0]}; accepted: 0 to 1")
        if len(table):
            kept.append(table)
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=list(NEEDED))


def known_outcomes(own: Iterable[pd.DataFrame] = ()) -> pd.DataFrame:
    """The published outcomes followed by the user's own tables, as `outcomes_of` returns them."""
    return outcomes_of([published_outcomes(), *own])
