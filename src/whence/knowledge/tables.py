"""Tables of outcomes and scores as a user gives them: CSV files, checked as they are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from whence.errors import InputError
from whence.knowledge.store import outcomes_of

if TYPE_CHECKING:
    import pandas as pd

SCORES = ("measure", "source", "target", "value")


def read_outcomes(path: Path) -> pd.DataFrame:
    """Outcomes from a CSV with the columns study, source, target, backbone, auc. Raises `InputError`."""
    try:
        return outcomes_of([_read(path)])
    except InputError as error:
        raise InputError(f"{str(path)!r}: {error}") from error


def read_scores(path: Path) -> pd.DataFrame:
    """Scores from a CSV with the columns measure, source, target, value (higher is better). Raises `InputError`."""
    import pandas as pd

    table = _read(path)
    missing = [column for column in SCORES if column not in table.columns]
    if missing:
        raise InputError(
            f"{str(path)!r} lacks the column {', '.join(missing)}; it has {', '.join(map(str, table.columns))}; "
            f"needed: {', '.join(SCORES)}"
        )
    values = pd.to_numeric(table["value"], errors="coerce")
    wrong = table.loc[values.isna(), "value"]
    if len(wrong):
        raise InputError(f"{str(path)!r} holds a value of {wrong.iloc[0]!r}; accepted: a number")
    return table.assign(value=values)


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_csv(path, keep_default_na=False, na_values=[""])  # a source may be called NA or none
    except FileNotFoundError as error:
        raise InputError(f"{str(path)!r} does not exist; give a study file (.yaml) or a CSV file") from error
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        reason = " ".join(str(error).split())
        raise InputError(f"{str(path)!r} cannot be read as a CSV table ({reason})") from error
