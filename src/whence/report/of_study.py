"""From a plan and its ledger to the page of a study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from whence.data import Dataset, describe
from whence.diagnosis import versions
from whence.errors import WorkFailed
from whence.paths import replacing
from whence.records import CurvePoint, Outcome, Pretraining, as_row, column_names
from whence.report.export import export_figures
from whence.report.results import StudyResults
from whence.report.study_page import render_study, study_figures
from whence.report.tidy import tidy_outcomes
from whence.report.verdict import Verdict, verdicts
from whence.study.driver import status
from whence.study.ledger import Ledger
from whence.study.memory import settled_plan
from whence.study.plan import Plan
from whence.study.preflight import leakage


def write_page(plan: Plan, folder: Path, page: Path, figures: Path | None = None) -> Path:
    """Write the study's page to `page`, and each figure as SVG and PDF into `figures` when given.

    Raises `WorkFailed` when the study has no outcome yet.
    """
    results = gather(plan, folder)
    with replacing(page) as file:
        file.write(render_study(results))
    if figures:
        export_figures(study_figures(results), figures)
    return page


def verdicts_of(outcomes: Sequence[Outcome]) -> list[Verdict]:
    """What the outcomes of a study say of each of its targets."""
    table = pd.DataFrame([as_row(row) for row in outcomes], columns=column_names(Outcome))
    return verdicts(tidy_outcomes(table))


def gather(plan: Plan, folder: Path) -> StudyResults:
    """All that the page shows: the ledger's tables, the datasets' properties, settings, versions, failures."""
    with Ledger.of_study(folder) as ledger:
        plan = settled_plan(plan, ledger.jobs())
        stands = status(plan, ledger.jobs())
        tables = {
            name: pd.DataFrame(
                [as_row(row) for row in ledger.rows(name, plan.keys)], columns=column_names(record)
            )
            for name, record in (("outcomes", Outcome), ("pretrainings", Pretraining), ("curves", CurvePoint))
        }
    if tables["outcomes"].empty:
        raise WorkFailed(f"study {plan.study.name!r} has no outcome yet; run it first: whence study run")
    documents, leaking = _datasets(plan), leakage(plan)
    return StudyResults(
        name=plan.study.name,
        outcomes=tables["outcomes"],
        pretrainings=tables["pretrainings"],
        curves=tables["curves"],
        datasets=documents,
        settings=_settings(plan),
        versions=versions(),
        seconds=float(tables["outcomes"]["seconds"].sum() + tables["pretrainings"]["seconds"].sum()),
        failures=list(stands.failures),
        findings=[
            finding | {"what": f"{document['name']}: {finding['what']}"}
            for document in documents
            for finding in document["findings"]
        ]
        + [as_row(doubt) for doubt in leaking.doubts],
        leaks=[leak.what for leak in leaking.leaks],
    )


def _datasets(plan: Plan) -> list[dict[str, Any]]:
    found: dict[str, tuple[Dataset, str]] = {name: (d, "source") for name, d in plan.sources.items()}
    for name, dataset in plan.targets.items():
        found[name] = (dataset, "both" if name in found else "target")
    return [_dataset(name, dataset, role) for name, (dataset, role) in found.items()]


def _dataset(name: str, dataset: Dataset, role: str) -> dict[str, Any]:
    card = dataset.card
    facts = {field: getattr(card, field) for field in ("origin", "title", "modality", "licence", "citation")}
    return describe(dataset) | facts | {"name": name, "role": role}


def _settings(plan: Plan) -> dict[str, Any]:
    """What every job shares, and per target what its recipe says; the same for all is said once."""
    study = plan.study
    names = {name for _, name in plan.recipes}
    recipes = {
        target if len(names) == 1 else f"{target}, {name}": recipe.settings()
        for (target, name), recipe in plan.recipes.items()
    }
    shared: dict[str, Any] = {
        "backbone": ", ".join(study.backbone),
        "folds": study.folds,
        "seed": ", ".join(map(str, study.seed)),
        "threads per job": study.threads,
    }
    if study.group_near_duplicates:
        shared["near-duplicates"] = "kept on one side of every fold"
    for field in next(iter(recipes.values())):
        values = {name: settings[field] for name, settings in recipes.items()}
        if len({str(value) for value in values.values()}) == 1:
            shared[field] = next(iter(values.values()))
        else:
            shared |= {f"{field} ({name})": value for name, value in values.items()}
    return shared
