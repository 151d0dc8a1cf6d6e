"""Tables in every format from one definition."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd

from whence.report.export import export_tables
from whence.report.table import Table
from whence.report.words import number


def make_table() -> Table:
    """A table with a group, a missing number and signs that LaTeX and Markdown treat in their own way."""
    frame = pd.DataFrame(
        {
            "target": ["t", "t", "u"],
            "source": ["a_b & c", "d|e", "f"],
            "auc": [0.123456, float("nan"), 0.5],
            "hidden": [1, 2, 3],
        }
    )
    columns = {"source": "Source", "auc": "AUC ± sd"}
    return Table(
        "some_table", "Some table", "All of 90 % of it.", frame, columns, {"auc": number}, group="target"
    )


def test_csv_keeps_raw_values_and_all_columns() -> None:
    table = make_table()
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(table.csv())), table.frame)


def test_markdown_and_latex_show_what_the_page_shows() -> None:
    table = make_table()
    assert table.blocks == [
        ("t", [(False, ["a_b & c", "0.123"]), (False, ["d|e", "–"])]),
        ("u", [(False, ["f", "0.500"])]),
    ]
    lines = table.markdown().splitlines()
    assert lines[0] == "All of 90 % of it."
    assert lines[2:5] == ["| Target | Source | AUC ± sd |", "| --- | --- | ---: |", "| t | a_b & c | 0.123 |"]
    assert r"d\|e" in lines[5]
    latex = table.latex()
    assert r"a\_b \& c" in latex
    assert r"AUC $\pm$ sd" in latex
    assert r"\caption{All of 90 \% of it.}" in latex
    assert r"\label{tab:some-table}" in latex


def test_every_table_is_written_three_times(tmp_path: Path) -> None:
    written = export_tables([make_table()], tmp_path / "out")
    assert [path.name for path in written] == ["some_table.csv", "some_table.tex", "some_table.md"]
    assert all(path.stat().st_size for path in written)
