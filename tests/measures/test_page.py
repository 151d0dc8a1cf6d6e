"""The page of the measures is what their metadata says."""

from pathlib import Path

from whence.measures.page import render
from whence.measures.registry import built_in

PAGE = Path(__file__).resolve().parents[2] / "docs" / "measures.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(built_in()), (
        "run: python -m whence.measures.page > docs/measures.md"
    )


def test_every_built_in_measure_has_its_section() -> None:
    text = render(built_in())
    for measure in built_in():
        assert f"### `{measure.name}`\n\n{measure.meaning}" in text
        assert measure.citation in text
