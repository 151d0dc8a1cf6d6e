"""A study's outcomes in OpenML's shapes: tasks with their splits, runs with flow and predictions, evaluations.

openml-python reads and can publish the files; nothing is published here. Numbers of tasks, data and runs are this
folder's own: OpenML gives its own as they are published. Rows of a task's data are images by the hash of their
content; what a network chose by (validation images) counts as training, as OpenML has it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any
from xml.etree import ElementTree

from whence.data import Dataset
from whence.diagnosis import versions
from whence.errors import InputError
from whence.paths import building, file_name
from whence.records import Outcome, Prediction
from whence.study.known import measured_so_far
from whence.study.ledger import Measured
from whence.study.plan import Plan
from whence.study.work import study_folds

SPACE, CLASS = "http://openml.org/openml", "class"
SUPERVISED_CLASSIFICATION = "1"
MEASURES = {"area_under_roc_curve": "auc", "predictive_accuracy": "accuracy"}
EVALUATIONS = (
    "run_id", "task_id", "setup_id", "flow_id", "flow_name", "data_id", "data_name", "function", "upload_time",
    "uploader", "uploader_name", "value", "values", "array_data",
)  # fmt: skip
Fold = tuple[list[int], list[int]]  # rows learned from, rows tested


def export_openml(plan: Plan, results: Path, folder: Path) -> list[Path]:
    """Write what a study has measured into a new folder; return its files, in order.

    `results` is the study's folder. Raises `InputError` where `folder` exists, and for a study without an outcome.
    """
    if folder.exists():
        raise InputError(f"{str(folder)!r} exists; give a folder that does not exist yet")
    plan, measured = measured_so_far(plan, results)
    rows = [one for one in measured if isinstance(one.row, Outcome)]
    if not rows:
        raise InputError(f"study {plan.study.name!r} has no outcome yet; run it first: whence study run")
    tasks = [(target, seed) for target in plan.targets for seed in plan.study.seed]
    evaluations: list[dict[str, Any]] = []
    with building(folder) as scratch:
        folds = {task: _folds(plan, *task) for task in tasks}
        for number, (target, seed) in enumerate(tasks, start=1):
            data = list(plan.targets).index(target) + 1
            where = scratch / "tasks" / f"{number:03}-{file_name(target)}-seed{seed}"
            _write_task(where, number, data, plan.targets[target], folds[target, seed])
        for number, run in enumerate(_runs(rows), start=1):
            first = run[0].row
            assert isinstance(first, Outcome)
            task = first.target, first.seed
            where = scratch / "runs" / f"{number:04}-{file_name(first.source)}-{file_name(first.target)}"
            _write_run(where, tasks.index(task) + 1, plan, run, folds[task])
            facts = {"run_id": number, "task_id": tasks.index(task) + 1, "data_name": first.target}
            facts["data_id"] = list(plan.targets).index(first.target) + 1
            evaluations += _evaluations(facts, first, run)
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, EVALUATIONS)
        writer.writeheader()
        writer.writerows(evaluations)
        (scratch / "evaluations.csv").write_text(text.getvalue(), encoding="utf-8", newline="")
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _folds(plan: Plan, target: str, seed: int) -> list[Fold]:
    study = plan.study
    cuts = study_folds(plan.targets[target], study.folds, seed, study.group_near_duplicates)
    return [
        (sorted([*map(int, cut.train), *map(int, cut.validation)]), [*map(int, cut.test)]) for cut in cuts
    ]


def _runs(rows: Iterable[Measured]) -> list[list[Measured]]:
    """What was measured, a list of folds for each source, target, backbone, recipe and seed."""
    found: dict[tuple[Any, ...], list[Measured]] = {}
    for one in rows:
        row = one.row
        assert isinstance(row, Outcome)
        found.setdefault((row.target, row.seed, row.source, row.backbone, row.recipe), []).append(one)
    return list(found.values())


def _write_task(where: Path, number: int, data: int, dataset: Dataset, folds: Sequence[Fold]) -> None:
    where.mkdir(parents=True)
    root = _element("task", {"task_id": number, "task_name": f"{dataset.name}, {len(folds)} folds"})
    _add(root, {"task_type_id": SUPERVISED_CLASSIFICATION, "task_type": "Supervised Classification"})
    source = _add(root, {"input": None}, name="source_data")
    _add(_add(source, {"data_set": None}), {"data_set_id": data, "target_feature": CLASS})
    how = _add(_add(root, {"input": None}, name="estimation_procedure"), {"estimation_procedure": None})
    _add(how, {"type": "crossvalidation", "data_splits_url": "datasplits.arff"})
    for name, value in (("number_repeats", 1), ("number_folds", len(folds)), ("stratified_sampling", "true")):
        _add(how, {"parameter": value}, name=name)
    measures = _add(root, {"input": None}, name="evaluation_measures")
    _add(_add(measures, {"evaluation_measures": None}), {"evaluation_measure": "area_under_roc_curve"})
    _write_xml(where / "task.xml", root)
    names = dataset.class_names
    rows = [(digest, names[label]) for digest, label in zip(dataset.digests, dataset.labels, strict=True)]
    attributes: dict[str, str | Sequence[str]] = {"image_sha256": "STRING", CLASS: names}
    _write_arff(where / "dataset.arff", dataset.name, attributes, rows)
    splits = [
        (part, row, 0, fold)
        for fold, parts in enumerate(folds)
        for part, wanted in zip(("TRAIN", "TEST"), parts, strict=True)
        for row in wanted
    ]
    attributes = {"type": ("TRAIN", "TEST"), "rowid": "NUMERIC", "repeat": "NUMERIC", "fold": "NUMERIC"}
    _write_arff(where / "datasplits.arff", f"{dataset.name}_splits", attributes, splits)


def _write_run(
    where: Path, task: int, plan: Plan, measured: Sequence[Measured], folds: Sequence[Fold]
) -> None:
    where.mkdir(parents=True)
    first = measured[0].row
    assert isinstance(first, Outcome)
    _write_xml(where / "flow.xml", _flow(plan, first))
    root = _element(
        "run",
        {"task_id": task, "flow_id": "", "setup_string": f"whence finetune {first.source} {first.target}"},
    )
    output = _add(root, {"output_data": None})
    for measure, column in MEASURES.items():
        for one in measured:
            assert isinstance(one.row, Outcome)
            evaluation = _add(output, {"evaluation": None}, repeat="0", fold=str(one.row.fold))
            _add(evaluation, {"name": measure, "value": repr(getattr(one.row, column))})
    _write_xml(where / "description.xml", root)
    dataset = plan.targets[first.target]
    names = dataset.class_names
    attributes: dict[str, str | Sequence[str]] = dict.fromkeys(
        ("repeat", "fold", "sample", "row_id"), "NUMERIC"
    )
    attributes |= {"prediction": names, "correct": names}
    attributes |= {f"confidence.{name}": "NUMERIC" for name in names}
    rows = [row for one in measured for row in _predicted(one, dataset, folds)]
    _write_arff(where / "predictions.arff", f"openml_task_{task}_predictions", attributes, rows)


def _flow(plan: Plan, row: Outcome) -> ElementTree.Element:
    """What made the predictions: fine-tuning by whence, with everything that was set as its parameters."""
    recipe = plan.recipes[row.target, row.recipe].settings()
    settings = {
        "source": row.source,
        "backbone": row.backbone,
        "recipe": row.recipe,
        **recipe,
        "seed": row.seed,
    }
    known = versions()
    root = _element("flow", {"name": "whence.finetune", "external_version": f"whence=={known['whence']}"})
    what = "A timm backbone that starts from a source's weights and is fine-tuned on the target, by whence."
    needed = "\n".join(f"{name}=={number}" for name, number in known.items())
    _add(root, {"description": what, "language": "English", "dependencies": needed})
    for name, value in settings.items():
        text = value if isinstance(value, str) else json.dumps(value)
        _add(
            _add(root, {"parameter": None}),
            {"name": name, "data_type": type(value).__name__, "default_value": text},
        )
    return root


def _predicted(one: Measured, dataset: Dataset, folds: Sequence[Fold]) -> list[tuple[Any, ...]]:
    """A row of the predictions for each tested row of the data, in the data's order."""
    row, names = one.row, dataset.class_names
    assert isinstance(row, Outcome)
    told: Mapping[tuple[str, int], Prediction] = {(p.image, p.label): p for p in one.predictions}
    found = []
    for place in folds[row.fold][1]:
        label = int(dataset.labels[place])
        sure = told[dataset.digests[place], label].probabilities
        guess = names[max(range(len(sure)), key=sure.__getitem__)]
        found.append((0, row.fold, 0, place, guess, names[label], *sure))
    return found


def _evaluations(
    facts: Mapping[str, Any], row: Outcome, measured: Sequence[Measured]
) -> list[dict[str, Any]]:
    """A run's evaluations as `openml.evaluations.list_evaluations` gives them: the mean, and a value for each fold."""
    found = []
    for measure, column in MEASURES.items():
        values = [getattr(one.row, column) for one in measured]
        found.append(
            {**dict.fromkeys(EVALUATIONS, ""), **facts, "function": measure, "value": repr(mean(values)),
             "values": json.dumps(values), "flow_name": f"whence.finetune({row.source}, {row.backbone}, {row.recipe})"}
        )  # fmt: skip
    return found


def _element(name: str, children: Mapping[str, object]) -> ElementTree.Element:
    root = ElementTree.Element(f"oml:{name}", {"xmlns:oml": SPACE})
    _add(root, children)
    return root


def _add(
    parent: ElementTree.Element, children: Mapping[str, object], **attributes: str
) -> ElementTree.Element:
    """Put elements into another, name → text (None for none); returns the last."""
    for name, text in children.items():
        parent_of = ElementTree.SubElement(parent, f"oml:{name}", attributes)
        parent_of.text = None if text is None else str(text)
    return parent_of


def _write_xml(path: Path, root: ElementTree.Element) -> None:
    ElementTree.indent(root)
    path.write_bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _write_arff(
    path: Path, relation: str, attributes: Mapping[str, str | Sequence[str]], rows: Iterable[Sequence[Any]]
) -> None:
    """Write an ARFF file; an attribute is a type, or the values that it may have."""
    with path.open("w", encoding="utf-8") as file:
        file.write(f"@RELATION {_quoted(relation)}\n\n")
        for name, kind in attributes.items():
            values = kind if isinstance(kind, str) else "{" + ",".join(map(_quoted, kind)) + "}"
            file.write(f"@ATTRIBUTE {_quoted(name)} {values}\n")
        file.write("\n@DATA\n")
        for row in rows:
            file.write(",".join(_quoted(v) if isinstance(v, str) else repr(v) for v in row) + "\n")


def _quoted(text: str) -> str:
    return "'" + re.sub(r"(['\\])", r"\\\1", " ".join(text.split())) + "'"
