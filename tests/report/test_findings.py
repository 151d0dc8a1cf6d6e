"""What was found in the data, by what to do about it, and what a reader of the verdict is pointed to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from whence.report import StudyResults, render_study
from whence.report.findings import by_advice, doubts
from whence.report.tidy import tidy_outcomes

FOUND = [
    {"severity": "info", "what": "3 are grey", "advice": "nothing to do", "dataset": "dtd10"},
    {"severity": "warning", "what": "border tells the class", "advice": "crop", "dataset": "dtd10"},
    {"severity": "warning", "what": "border tells the class", "advice": "crop", "dataset": "lungs"},
    {"severity": "warning", "what": "of 9 test images 2 are trained on", "advice": "group"},
]


def test_one_piece_of_advice_is_said_once_and_the_whole_study_comes_first() -> None:
    warnings, remarks = by_advice(FOUND)
    assert (warnings.title, warnings.count, remarks.title, remarks.count) == ("Warnings", 3, "Remarks", 1)
    assert [(part.advice, part.told) for part in warnings.parts] == [
        ("group", ["Of 9 test images 2 are trained on"]),
        ("crop", ["dtd10: border tells the class", "lungs: border tells the class"]),
    ]
    assert by_advice([]) == []


def test_the_verdict_points_to_what_limits_it(
    results: StudyResults, outcome: Callable[..., dict[str, Any]]
) -> None:
    found = doubts(results, tidy_outcomes(results.outcomes))
    assert found == [
        ("1 failed job", "trouble"),
        ("1 training that did not converge", "trouble"),
        ("1 warning about the data", "findings"),
    ]
    html = render_study(results)
    for _, place in found:
        assert html.index(f'href="#{place}"') < html.index(f'id="{place}"')
    clean = StudyResults(name="x", outcomes=pd.DataFrame([outcome("a", "t", 0, 0.9)]))
    assert doubts(clean, tidy_outcomes(clean.outcomes)) == []
