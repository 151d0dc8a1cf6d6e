"""The page of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import pandas as pd
from markupsafe import Markup

from whence.report import tables
from whence.report.arrays import Grid, grid_of
from whence.report.augmentation import augmentation_figure
from whence.report.bars import auc_bars
from whence.report.better_than import comparison_figure
from whence.report.by_fold import transferability_table
from whence.report.common_ground import common_ground
from whence.report.comparison import comparison_table, comparisons, ranking_table
from whence.report.configurations import against_sentences, configurations_table
from whence.report.confusion import confusion_matrices
from whence.report.cost import cost_table
from whence.report.curves import learning_curves
from whence.report.figures import Figure
from whence.report.findings import by_advice, doubts
from whence.report.forms import Form, form_of
from whence.report.heat_map import auc_heat_map
from whence.report.ladders import ladder_figure
from whence.report.measures import long_table, measure_figure, measures_long, measures_table
from whence.report.page import render
from whence.report.plan_drawing import Part, drawing, plan_parts
from whence.report.properties import effects, effects_figure, effects_table
from whence.report.results import StudyResults
from whence.report.stability import stability
from whence.report.table import Table
from whence.report.tidy import source_order, summarise, tidy_outcomes
from whence.report.verdict import Verdict, overall, verdicts
from whence.report.words import counted


def render_study(results: StudyResults) -> str:
    """The page of a study as one HTML text that needs no network (about 1 MB, most of it the drawing library)."""
    return StudyReport(results).page()


def study_figures(results: StudyResults) -> list[Figure]:
    """The figures of a study for which there are results."""
    return StudyReport(results).figures


class StudyReport:
    """Everything that a study's page shows and an export writes, each computed once."""

    def __init__(self, results: StudyResults) -> None:
        """Take a study's results; nothing is computed yet."""
        self.results = results

    @cached_property
    def form(self) -> Form:
        """The form of transferability that it speaks of."""
        return form_of(self.results.transferability)

    @cached_property
    def tidy(self) -> pd.DataFrame:
        """Its outcomes, made ready."""
        return tidy_outcomes(self.results.outcomes, self.form)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Means over folds."""
        return summarise(self.tidy)

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """Every pair of sources compared."""
        return comparisons(self.tidy)

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """What it says of each target."""
        return verdicts(self.tidy, self.pairs, self.form)

    @cached_property
    def grids(self) -> dict[str, Grid]:
        """The arrays of each configuration."""
        parts = self.tidy.groupby("configuration", sort=False)
        return {str(name): grid_of(part) for name, part in parts}

    @cached_property
    def effects(self) -> dict[str, pd.DataFrame]:
        """Effects of the sources' properties, for each configuration that shows any."""
        found = {name: effects(grid, self.results.datasets) for name, grid in self.grids.items()}
        return {name: table for name, table in found.items() if len(table)}

    @cached_property
    def against(self) -> Table | None:
        """Networks, recipes, seeds or studies against each other; None where there is one only."""
        return configurations_table(self.tidy, self.results.parameters) if len(self.tidy) else None

    @cached_property
    def plan(self) -> list[Part]:
        """The parts of the plan to be drawn."""
        tidy = self.tidy
        return plan_parts(
            len({*tidy["source"], *self.results.pretrainings["source"]}),
            self.results.pretrainings["source"].nunique(),
            tidy["target_name"].nunique(),
            counted(tidy["fold"].nunique(), "fold") if len(tidy) else "no fold",
            len(tidy),
            _values(tidy, "backbone"),
        )

    @cached_property
    def class_names(self) -> dict[str, list[str]]:
        """The classes of each target, by its short name."""
        classes = {str(one.get("name")): one.get("classes") for one in self.results.datasets}
        known = zip(self.tidy["target_name"], self.tidy["target"], strict=True)
        return {
            name: list(found) for name, target in set(known) if isinstance(found := classes.get(target), list)
        }

    @cached_property
    def figures(self) -> list[Figure]:
        """The figures for which there are results."""
        if self.tidy.empty:
            return []
        found = [
            auc_bars(self.tidy, self.summary),
            auc_heat_map(self.summary),
            comparison_figure(self.tidy, self.pairs),
            measure_figure(self.grids, self.results.values, self.form),
            effects_figure(self.effects),
            ladder_figure(self.tidy, self.summary, self.results.datasets),
            augmentation_figure(self.tidy, self.results.recipes),
            learning_curves(self.results.curves, self.tidy, source_order(self.summary)),
            stability(self.results.curves, self.tidy),
            confusion_matrices(self.results.predictions, self.tidy, self.class_names),
        ]
        return [figure for figure in found if figure.panels]

    @cached_property
    def tables(self) -> list[Table]:
        """The tables for which there are results, in the order of the page."""
        if self.tidy.empty:
            return []
        found = [ranking_table(self.tidy, self.pairs, self.form)]
        if len(self.pairs):
            found.append(comparison_table(self.pairs))
        for name, grid in self.grids.items():
            long = measures_long(grid, self.results.values)
            if (long["kind"] != "baseline").any():
                found += [
                    measures_table(grid, self.results.values, long, name, form=self.form),
                    long_table(long, name),
                ]
        found += [effects_table(table, name) for name, table in self.effects.items()]
        if self.tidy["gain"].notna().any():
            found.append(transferability_table(self.tidy, self.form))
        against = [self.against] if self.against else []
        return [*found, *against, cost_table(self.tidy, self.results.pretrainings)]

    def page(self) -> str:
        """The page as one HTML text."""
        results = self.results
        return render(
            "study.html.j2",
            self.figures,
            results=results,
            study_sentence=study_sentence(results, self.tidy),
            overall=overall(self.verdicts),
            findings=by_advice(results.findings),
            doubts=doubts(results, self.tidy),
            common=common_ground(self.tidy) if len(self.tidy) else [],
            against=against_sentences(self.against) if self.against else [],
            verdicts=self.verdicts,
            form=self.form,
            plan=[Markup(drawing(self.plan, upright=upright)) for upright in (False, True)],
            targets=list(dict.fromkeys(self.tidy["target_name"])) if len(self.tidy) else [],
            tables=self.tables,
            datasets=_records(tables.data_table(results.datasets)),
            pretrainings=_records(tables.pretraining_table(results.pretrainings)),
            unconverged=_records(tables.unconverged_table(self.tidy, results.pretrainings)),
            tested=_tested(results, self.tidy),
            settings=_records(tables.settings_table(results.settings, results.origins)),
            citations=citations(results.datasets),
        )


def citations(datasets: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the datasets ask to be cited by, each once."""
    return list(dict.fromkeys(str(one["citation"]) for one in datasets if one.get("citation")))


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


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _values(tidy: pd.DataFrame, column: str) -> str:
    return ", ".join(str(value) for value in dict.fromkeys(tidy[column]))


def _plural(column: str, tidy: pd.DataFrame) -> str:
    return f"{column}s" if tidy[column].nunique() > 1 else column
