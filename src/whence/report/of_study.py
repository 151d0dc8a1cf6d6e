"""From a plan and its ledger to the page of a study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from whence.data import Dataset, describe, survey
from whence.data.diversity import diversity
from whence.data.named import card_of, known_names
from whence.diagnosis import versions
from whence.errors import WorkFailed
from whence.knowledge.values import read_values
from whence.nets.backbone import parameters
from whence.paths import replacing
from whence.records import CurvePoint, Outcome, Prediction, Pretraining, as_row, column_names
from whence.report.export import export_figures, export_svg, export_tables
from whence.report.forms import AUC, Form, form_of
from whence.report.plan_drawing import drawing
from whence.report.results import StudyResults
from whence.report.study_page import StudyReport
from whence.report.tidy import tidy_outcomes
from whence.report.verdict import Verdict, verdicts
from whence.study.known import all_that_is_known, status
from whence.study.plan import Plan
from whence.study.preflight import leakage
from whence.training.recipe import make_recipe, origins


def write_page(results: StudyResults, page: Path, export: Path | None = None) -> Path:
    """Write the page of a study's results to `page`, and every figure and table into `export` when given."""
    report = StudyReport(results)
    with replacing(page) as file:
        file.write(report.page())
    if export:
        export_figures(report.figures, export)
        export_tables(report.tables, export)
        export_svg("plan", drawing(report.plan), export)
    return page


def verdicts_of(outcomes: Sequence[Outcome], form: Form = AUC) -> list[Verdict]:
    """What the outcomes of a study say of each of its targets, with the gain over `none` in this form."""
    table = pd.DataFrame([as_row(row) for row in outcomes], columns=column_names(Outcome))
    return verdicts(tidy_outcomes(table, form), form=form)


def gather(
    plan: Plan, folder: Path, scores: Sequence[str | Path] = (), transferability: str | None = None
) -> StudyResults:
    """All that the page shows: what was measured, the datasets' properties, settings, versions, failures.

    What was measured is read from the ledger, the exported tables and the job folders; `scores` are further tables of
    scores or distances; `transferability` names its form, by default the study file's. Raises `WorkFailed` when the
    study has no outcome yet, `InputError` for an unknown form.
    """
    named = transferability or plan.study.transferability
    form_of(named)
    with all_that_is_known(plan, folder) as (plan, ledger):
        stands = status(plan, ledger.jobs())
        tables = {
            name: pd.DataFrame(
                [as_row(row) for row in ledger.rows(name, plan.keys)], columns=column_names(record)
            )
            for name, record in (
                ("outcomes", Outcome),
                ("pretrainings", Pretraining),
                ("curves", CurvePoint),
                ("predictions", Prediction),
            )
        }
    if tables["outcomes"].empty:
        raise WorkFailed(f"study {plan.study.name!r} has no outcome yet; run it first: whence study run")
    documents, leaking = _datasets(plan), leakage(plan)
    settings, where_from = _settings(plan)
    return StudyResults(
        name=plan.study.name,
        outcomes=tables["outcomes"],
        pretrainings=tables["pretrainings"],
        curves=tables["curves"],
        predictions=tables["predictions"],
        datasets=documents,
        values=read_values(folder, scores),
        settings=settings,
        origins=where_from,
        transferability=named,
        recipes={name: recipe.settings() for (_, name), recipe in plan.recipes.items()},
        parameters={name: parameters(name) for name in plan.study.backbone},
        versions=versions(),
        seconds=float(tables["outcomes"]["seconds"].sum() + tables["pretrainings"]["seconds"].sum()),
        failures=list(stands.failures),
        findings=[
            finding | {"dataset": document["name"]}
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
    documents = [_dataset(name, dataset, role) for name, (dataset, role) in found.items()]
    weights = {label: known for label, known in plan.trained_on.items() if label not in found}
    return [*documents, *(card for label, known in weights.items() if (card := _weights(label, known)))]


def _dataset(name: str, dataset: Dataset, role: str) -> dict[str, Any]:
    card = dataset.card
    facts = {field: getattr(card, field) for field in ("origin", "title", "modality", "licence", "citation")}
    more = {"name": name, "role": role, "diversity": diversity(survey(dataset))}
    return describe(dataset) | facts | more


def _weights(label: str, known: str) -> dict[str, Any] | None:
    """What the card of the dataset behind ready weights says, where it is one of the paper's."""
    name = f"paper:{known}"
    if name not in known_names():
        return None
    card = card_of(name)
    facts = {field: getattr(card, field) for field in ("origin", "modality", "licence", "citation")}
    counts = {"images": card.expected.get("images"), "classes": card.expected.get("classes")}
    return (
        facts
        | counts
        | {"name": label, "title": f"{card.title}: ready weights", "role": "source", "findings": []}
    )


def _settings(plan: Plan) -> tuple[dict[str, Any], dict[str, str]]:
    """What every job shares, and per target what its recipe says; the same for all is said once. And its origins."""
    study = plan.study
    recipes, sources_of = _recipes(plan)
    shared: dict[str, Any] = {
        "backbone": ", ".join(study.backbone),
        "folds": study.folds,
        "seed": ", ".join(map(str, study.seed)),
        "threads per job": study.threads,
    }
    where_from: dict[str, str] = {}
    if study.group_near_duplicates:
        shared["near-duplicates"] = "kept on one side of every fold"
    for field in next(iter(recipes.values())):
        values = {name: settings[field] for name, settings in recipes.items()}
        if len({str(value) for value in values.values()}) == 1:
            shared[field] = next(iter(values.values()))
            where_from[field] = _one_of({found.get(field, "") for found in sources_of.values()})
        else:
            shared |= {f"{field} ({name})": value for name, value in values.items()}
            where_from |= {f"{field} ({name})": sources_of[name].get(field, "") for name in values}
    return shared, where_from


def _recipes(plan: Plan) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, str]]]:
    """The settings of every recipe of the study and their origins, by target (and name, where there are several)."""
    settings, found = {}, {}
    names = {name for _, name in plan.recipes}
    for address, label in zip(plan.study.targets, plan.targets, strict=True):
        overrides = plan.study.overrides.finetune.get(address)
        for choice in plan.study.recipe:
            recipe = make_recipe(choice, "finetune", address, overrides)
            key = label if len(names) == 1 else f"{label}, {recipe.name}"
            settings[key] = recipe.settings()
            found[key] = {str(k): str(v) for k, v in origins(choice, "finetune", address, overrides).items()}
    return settings, found


def _one_of(found: set[str]) -> str:
    return found.pop() if len(found) == 1 else ", ".join(sorted(found))
