"""The docs' page of named datasets: its table is that of the cards, and its Python runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from whence.data.catalogue import renewed, table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "datasets.md"


def test_the_table_of_the_docs_is_that_of_the_cards() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert renewed(page) == page, "make it anew: python -m whence.data.catalogue docs/datasets.md"
    assert "5,856 (printed 5,863)" in table()
    with pytest.raises(ValueError, match="does not hold"):
        renewed("a page without the marks")


def test_the_python_of_the_docs_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["demo:textures[n=100] 100", "demo:textures[n=400] 400"]
    assert lines[-1] == "('rest', 'brick')"
