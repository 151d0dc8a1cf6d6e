"""Scores and distances that are known beside the outcomes: the published ones, our grid's, and the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from whence.errors import InputError
from whence.knowledge.grid import GRID, grid_distances, grid_scores
from whence.knowledge.published import CITATIONS, published_distances, published_scores
from whence.paths import file_name, home, replacing

if TYPE_CHECKING:
    import pandas as pd

KEY = ("kind", "measure", "source", "target", "target_fingerprint", "backbone")
TEXT, NUMBERS = (*KEY, "body", "provenance"), ("value", "low", "high")
COLUMNS = (*KEY, *NUMBERS, "body", "provenance")


def known_values() -> pd.DataFrame:
    """Every score (higher is better) and distance (lower is closer) that is known.

    Columns: kind ("score" or "distance"), measure, source, target, target_fingerprint ("" where it is not known),
    backbone (likewise), value, low and high (the 90 % interval, or missing), body (the study or file), provenance.
    """
    import pandas as pd

    shipped = [
        published_scores().assign(kind="score", backbone="resnet18").rename(columns={"study": "body"}),
        published_distances().assign(kind="distance").rename(columns={"study": "body"}),
        grid_scores().assign(kind="score"),
        grid_distances().assign(kind="distance"),
    ]
    cited = [table.assign(provenance=table["body"].map(CITATIONS | GRID)) for table in shipped]
    return pd.concat([*map(_whole, cited), own_values()], ignore_index=True)


def own_values() -> pd.DataFrame:
    """Those that were taken on this machine; columns as of `known_values`."""
    import pandas as pd

    tables = [_read(file) for file in _files()]
    return pd.concat(tables, ignore_index=True) if tables else _whole(pd.DataFrame())


def scores_on(fingerprint: str, backbone: str) -> pd.DataFrame:
    """The scores that this machine took on a target, known by its images, with a network: rows as of `known_values`."""
    table = own_values()
    mine = (table["target_fingerprint"] == fingerprint) & (table["backbone"] == backbone)
    return table[mine & (table["kind"] == "score")]


def keep_values(name: str, values: pd.DataFrame, provenance: str) -> None:
    """Keep scores and distances on this machine, under a body's name.

    `values` has the columns kind, measure, source, target, value, and may have those of `known_values`. What was kept
    under this name before of the same measure, source, target and network is replaced.
    """
    import pandas as pd

    path = _folder() / f"{file_name(name, 'values')}.csv"
    new = _whole(values.assign(body=path.stem, provenance=provenance))
    before = [_read(path)] if path.exists() else []
    table = pd.concat([*before, new], ignore_index=True)
    with replacing(path, newline="") as file:
        table.drop_duplicates(list(KEY), keep="last").to_csv(file, index=False)


def forget_values(name: str) -> None:
    """Remove what was kept under a name, if anything was."""
    for file in _files():
        if file.stem == name:
            file.unlink()


def kept_values() -> set[str]:
    """The names under which values are kept."""
    return {file.stem for file in _files()}


def _folder() -> Path:
    return home() / "knowledge" / "values"


def _files() -> list[Path]:
    return sorted(_folder().glob("*.csv"))


def _read(file: Path) -> pd.DataFrame:
    import pandas as pd

    empty = {column: [""] for column in NUMBERS}
    try:
        table = pd.read_csv(file, dtype=dict.fromkeys(TEXT, str), keep_default_na=False, na_values=empty)
        if list(table.columns) != list(COLUMNS):
            raise ValueError(f"its columns are {', '.join(table.columns)}")
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise InputError(
            f"{str(file)!r} cannot be read as scores and distances ({error}); remove it by "
            f"whence knowledge remove {file.stem}"
        ) from error
    return _whole(table)


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """All columns, "" where a text is missing."""
    found = table.reindex(columns=list(COLUMNS))
    text = {name: found[name].astype("object").where(found[name].notna(), "") for name in TEXT}
    return found.assign(**text).astype(dict.fromkeys(NUMBERS, float))
