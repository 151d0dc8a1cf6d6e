"""What was found in the data, brought together by what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from whence.report.results import StudyResults
from whence.report.words import capitalised

SEVERITIES = {"error": "Errors", "warning": "Warnings", "info": "Remarks"}


@dataclass
class Advised:
    """Findings that one piece of advice is for, each as a sentence without its full stop."""

    advice: str
    told: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Severity:
    """All findings of one severity."""

    name: str
    title: str
    parts: list[Advised]

    @property
    def count(self) -> int:
        """How many findings there are."""
        return sum(len(part.told) for part in self.parts)


def by_advice(findings: Iterable[Mapping[str, Any]]) -> list[Severity]:
    """Findings by severity, the gravest first, and by advice; those on the whole study come before single datasets'.

    A finding is `{severity, what, advice}`, with `dataset` where it is about one.
    """
    ordered = sorted(findings, key=lambda finding: bool(finding.get("dataset")))
    found = []
    for name, title in SEVERITIES.items():
        parts: dict[str, Advised] = {}
        for finding in ordered:
            if finding["severity"] == name:
                advice = str(finding.get("advice") or "")
                parts.setdefault(advice, Advised(advice)).told.append(_sentence(finding))
        if parts:
            found.append(Severity(name, title, list(parts.values())))
    return found


def doubts(results: StudyResults, tidy: pd.DataFrame) -> list[tuple[str, str]]:
    """What a reader of the verdict should know of, each with the id of the section of the page that tells it."""
    converged = pd.concat([tidy["converged"], results.pretrainings["converged"]]).astype(bool)
    warnings = sum(finding["severity"] in ("error", "warning") for finding in results.findings)
    counts = (
        (len(results.failures), "{} failed job{}", "trouble"),
        (int((~converged).sum()), "{} training{} that did not converge", "trouble"),
        (warnings, "{} warning{} about the data", "findings"),
    )
    return [(words.format(number, "s" * (number > 1)), place) for number, words, place in counts if number]


def _sentence(finding: Mapping[str, Any]) -> str:
    dataset = finding.get("dataset")
    return f"{dataset}: {finding['what']}" if dataset else capitalised(str(finding["what"]))
