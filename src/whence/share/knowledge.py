"""Somebody's results archive as experience for one's own rankings: what is known already is not counted twice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from whence.knowledge import own_outcomes, remember
from whence.nets.weights import file_sha256
from whence.records import as_row
from whence.share.results import Results, read_results
from whence.study.experience import as_experience

if TYPE_CHECKING:
    import pandas as pd

SAME = ("source", "target", "target_fingerprint", "backbone", "recipe", "fold", "seed", "auc")


def add_results(path: Path) -> str | None:
    """Add an archive's outcomes to the knowledge base; the name under which they are kept, None if all were known.

    Raises `InputError` for an archive that is refused, or that holds no outcome.
    """
    results, provenance = read_results(path), f"results archive, SHA-256 {file_sha256(path)}"
    table, known = _outcomes(results), own_outcomes()
    others = known[known["provenance"] != provenance] if len(known) else known
    if len(others) and len(table):
        seen = set(map(_row, others[list(SAME)].itertuples(index=False)))
        table = table[[_row(row) not in seen for row in table[list(SAME)].itertuples(index=False)]]
        if not len(table):
            return None
    return remember(results.study.name, table, provenance)


def _outcomes(results: Results) -> pd.DataFrame:
    import pandas as pd

    fingerprints = {one["name"]: one["fingerprint"] for one in results.datasets.values()}
    learned = {one["name"]: one["trained_on"] for one in results.weights.values()}
    rows = as_experience(results.outcomes, learned, fingerprints)
    return pd.DataFrame(rows, columns=[*as_row(results.outcomes[0]), "target_fingerprint"] if rows else [])


def _row(row: tuple[object, ...]) -> tuple[object, ...]:
    """What makes two outcomes the same one; a table read back may differ in an AUC's last digit."""
    return (*map(str, row[:-1]), round(float(str(row[-1])), 9))
