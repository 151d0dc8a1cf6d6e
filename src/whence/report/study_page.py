"""The page of a study."""

from __future__ import annotations

from typing import Any

import pandas as pd

from whence.report import tables
from whence.report.curves import learning_curves
from whence.report.figures import Figure, auc_bars, auc_heat_map
from whence.report.page import render
from whence.report.results import StudyResults
from whence.report.tidy import panels_of, source_order, summarise, tidy_outcomes
from whence.report.verdict import verdicts
from whence.report.words import counted


def render_study(results: StudyResults) -> str:
    """The page of a study as one HTML text that needs no network (about 1 MB, most of it the drawing library)."""
    tidy = tidy_outcomes(results.outcomes)
    summary = summarise(tidy)
    return render(
        "study.html.j2",
        study_figures(results),
        results=results,
        study_sentence=study_sentence(results, tidy),
        verdicts=verdicts(tidy),
        datasets=_records(tables.data_table(results.datasets)),
        pretrainings=_records(tables.pretraining_table(results.pretrainings)),
        outcome_groups=_grouped(tables.transferability_table(summary)),
        unconverged=_records(tables.unconverged_table(tidy, results.pretrainings)),
        tested=_tested(results, tidy),
        settings=_records(tables.settings_table(results.settings)),
    )


def study_figures(results: StudyResults) -> list[Figure]:
    """The figures for which there are results: AUC bars, the heat map, the learning curves."""
    tidy = tidy_outcomes(results.outcomes)
    if tidy.empty:
        return []
    summary = summarise(tidy)
    figures = [auc_bars(tidy, summary), auc_heat_map(summary)]
    figures.append(learning_curves(results.curves, tidy, source_order(summary)))
    return [figure for figure in figures if figure.panels]


def study_sentence(results: StudyResults, tidy: pd.DataFrame) -> str:
    """The study in a sentence: sources × targets × folds, backbone, recipe and size."""
    if tidy.empty:
        return "No outcome has been measured yet."
    sizes = [
        counted(tidy["source_name"].nunique(), "source"),
        counted(tidy["target_name"].nunique(), "target"),
        counted(tidy["fold"].nunique(), "fold"),
    ]
    how = [f"{_plural(column, tidy)} {_values(tidy, column)}" for column in ("backbone", "recipe")]
    if size := results.settings.get("size"):
        how.append(f"images of {size} pixels")
    if tidy["seed"].nunique() > 1:
        how.append(f"seeds {_values(tidy, 'seed')}")
    return f"{' × '.join(sizes).capitalize()}, {len(tidy):,} outcomes; {', '.join(how)}."


def _tested(results: StudyResults, tidy: pd.DataFrame) -> list[dict[str, Any]]:
    """Per target: how many of its images were in a test half of some fold."""
    images = {str(document.get("name")): document.get("images") for document in results.datasets}
    per_fold = tidy.drop_duplicates(["target_name", "fold"])
    return [
        {
            "target": name,
            "tested": int(part["test_images"].sum()),
            "images": images.get(str(part["target"].iloc[0])) if not part["target_variant"].iloc[0] else None,
        }
        for name, part in per_fold.groupby("target_name", sort=False)
        if pd.to_numeric(part["test_images"], errors="coerce").sum() > 0
    ]


def _grouped(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{"target": t, "configuration": c, "rows": _records(part)} for t, c, part in panels_of(table)]


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _values(tidy: pd.DataFrame, column: str) -> str:
    return ", ".join(str(value) for value in dict.fromkeys(tidy[column]))


def _plural(column: str, tidy: pd.DataFrame) -> str:
    return f"{column}s" if tidy[column].nunique() > 1 else column
