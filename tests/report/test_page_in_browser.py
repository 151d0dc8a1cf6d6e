"""The pages in a real browser without a network: figures drawn, nothing refused, no sideways scrolling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from whence.report import StudyResults, render_ranking, render_study

pytestmark = pytest.mark.browser
MARKS = "[...document.querySelectorAll('.chart')].map(c => c.querySelectorAll('svg .mark-group path').length)"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("width", [1280, 390])
def test_the_study_page(browser: Any, results: StudyResults, tmp_path: Path, width: int) -> None:
    page = tmp_path / "report.html"
    page.write_text(render_study(results), encoding="utf-8")
    browser.visit(page, width)
    marks = browser.run(MARKS)
    assert len(marks) == 7  # bars for two targets, one heat map, two learning curves for each target
    assert all(count > 0 for count in marks)
    assert browser.run(OVERFLOW) == 0
    assert browser.complaints() == []


@pytest.mark.parametrize("width", [1280, 390])
def test_the_ranking_page(
    browser: Any, ranking: dict[str, Any], hostile: str, tmp_path: Path, width: int
) -> None:
    page = tmp_path / "ranking.html"
    rows = [{**ranking["ranking"][0], "source": hostile}, *ranking["ranking"]]
    page.write_text(render_ranking({**ranking, "ranking": rows}), encoding="utf-8")
    browser.visit(page, width, dark=True)
    (marks,) = browser.run(MARKS)
    assert marks > 0
    assert browser.run(OVERFLOW) == 0
    assert browser.complaints() == []
