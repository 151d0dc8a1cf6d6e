"""The pages in a real browser without a network: figures drawn, nothing refused, no sideways scrolling."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from whence.report import StudyResults, render_ranking, render_study
from whence.report.paper import analyse
from whence.report.paper_page import render_paper

pytestmark = pytest.mark.browser
MARKS = "[...document.querySelectorAll('.chart')].map(c => c.querySelectorAll('svg .mark-group path').length)"
NAMES_THAT_OVERLAP = """(() => {
  const found = [], texts = ".mark-text.role-mark text, .role-axis-label text, .role-legend-label text";
  for (const chart of document.querySelectorAll(".chart")) {
    const boxes = [...chart.querySelectorAll(texts)]
      .filter((text) => text.textContent.trim() && !/rotate/.test(text.getAttribute("transform")))
      .map((text) => [text.textContent, text.getBoundingClientRect()])
      .filter(([, box]) => box.width > 0);
    boxes.forEach(([one, a], i) => boxes.slice(i + 1).forEach(([other, b]) => {
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 1 && high > 3) found.push([chart.id, one, other]);
    }));
  }
  return found;
})()
"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("width", [1280, 390])
def test_the_study_page(browser: Any, results: StudyResults, tmp_path: Path, width: int) -> None:
    page = tmp_path / "report.html"
    page.write_text(render_study(results), encoding="utf-8")
    browser.visit(page, width)
    marks = browser.run(MARKS)
    # for each of two targets: bars, a square of comparisons, two learning curves; and one heat map
    assert len(marks) == 9
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
    reasons = "Math.min(...[...document.querySelectorAll('tbody th .reason')].map(r => r.clientWidth || r.offsetWidth))"
    assert browser.run(reasons) > 150  # a column in which words need not be broken
    assert browser.complaints() == []


@pytest.mark.parametrize("width", [1280, 390])
def test_the_papers_page_has_no_overlapping_names(browser: Any, tmp_path: Path, width: int) -> None:
    """In the paper's Figure 4 the labels overlap; on the same points ours must not."""
    page = tmp_path / "paper.html"
    page.write_text(render_paper(analyse()), encoding="utf-8")
    browser.visit(page, width)
    points = browser.run(
        "[...document.querySelectorAll('#figure_4 .chart')].map(c => c.textContent.split('dtd').length - 1)"
    )
    assert points == [3, 3]  # every point is named: DTD on three targets
    assert browser.run(NAMES_THAT_OVERLAP) == []
    name = "document.querySelector('#figure_4 .mark-text.role-mark text')"
    browser.run(f"{name}.parentNode.appendChild({name}.cloneNode(true))")
    assert len(browser.run(NAMES_THAT_OVERLAP)) == 1  # it would have been seen
    assert browser.run(OVERFLOW) == 0
    assert browser.complaints() == []


@pytest.mark.parametrize("width", [1280, 390])
def test_a_study_of_the_papers_size(
    browser: Any, paper_sized: StudyResults, tmp_path: Path, width: int
) -> None:
    page = tmp_path / "report.html"
    html = render_study(paper_sized)
    assert len(html.encode()) <= 3_000_000
    page.write_text(html, encoding="utf-8")
    browser.visit(page, width)
    assert browser.run(NAMES_THAT_OVERLAP) == []
    assert browser.run(OVERFLOW) == 0
    shown = "[...document.querySelectorAll('#by_measure .panel')].filter(p => !p.hidden).map(p => p.dataset.panel)"
    assert browser.run(shown) == ["expert"]
    select = browser.driver.find_element("css selector", "#by_measure select")
    select.send_keys(Keys.ARROW_DOWN)  # by keyboard alone
    assert browser.run(shown) == ["task2vec"]
    browser.driver.find_element("id", "filter").send_keys("pcam")
    left = browser.run(
        "[...document.querySelectorAll('#auc_bars .panel')].filter(p => p.offsetHeight).length"
    )
    assert left == 1
    assert browser.complaints() == []


def test_every_figure_has_words_and_every_table_a_caption(
    browser: Any, paper_sized: StudyResults, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    page.write_text(render_study(paper_sized), encoding="utf-8")
    browser.visit(page, 1280)
    assert (
        browser.run("[...document.querySelectorAll('table')].filter(t => !t.caption || !t.tHead).length") == 0
    )
    described = "[...document.querySelectorAll('.chart')].filter(c => !c.parentNode.getAttribute('aria-label')).length"
    assert browser.run(described) == 0
    levels = browser.run("[...document.querySelectorAll('h1, h2, h3')].map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert browser.run("new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size") == browser.run(
        "document.querySelectorAll('[id]').length"
    )
