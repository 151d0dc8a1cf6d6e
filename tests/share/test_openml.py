"""What is written in OpenML's shapes, read by openml-python itself, which judges the predictions anew."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score
from typer.testing import CliRunner

from whence.api import Study
from whence.cli.app import app

openml = pytest.importorskip("openml", reason="pip install 'whence[openml]'")


@pytest.fixture
def written(picture_folder: Callable[..., Path], tmp_path: Path) -> tuple[Study, Path]:
    """A study whose classes have names to be quoted, exported by the command line."""
    picture_folder(("it's ill", "healthy, mostly", "no \\ idea"), per_class=12, name="x rays")
    recipe = {"base": "small", "size": 16, "epochs": 1, "batch": 8}
    fields = {"name": "mini", "sources": ["none"], "targets": ["x rays"], "backbone": "test_resnet", "recipe": recipe,
              "folds": 2, "seed": [1, 2]}  # fmt: skip
    (tmp_path / "mini.yaml").write_text(json.dumps(fields))
    study = Study.from_file(tmp_path / "mini.yaml")
    study.run(engine="inline", device="cpu")
    words = [
        "share",
        "export",
        str(tmp_path / "mini.yaml"),
        "-o",
        str(tmp_path / "out"),
        "--format",
        "openml",
    ]
    done = CliRunner().invoke(app, [*words, "--device", "cpu", "--json"])
    assert done.exit_code == 0, done.output
    assert len(json.loads(done.stdout)["files"]) == 2 * 3 + 2 * 3 + 1
    again = CliRunner().invoke(app, [*words, "--device", "cpu"])
    assert again.exit_code == 2
    assert "exists; give a folder that does not exist yet" in again.stderr
    return study, tmp_path / "out"


def test_openml_s_own_client_reads_tasks_runs_and_evaluations(
    written: tuple[Study, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    import arff
    from openml.runs import OpenMLRun
    from openml.tasks.functions import _create_task_from_xml
    from openml.tasks.split import OpenMLSplit

    study, folder = written
    (dataset,) = study.plan(device="cpu").targets.values()
    tasks: dict[int, Any] = {}
    for where in sorted((folder / "tasks").iterdir()):
        task: Any = _create_task_from_xml((where / "task.xml").read_text())
        data = arff.loads((where / "dataset.arff").read_text())
        assert [row[0] for row in data["data"]] == list(dataset.digests)
        assert [row[1] for row in data["data"]] == [dataset.class_names[i] for i in dataset.labels]
        task.class_labels = dict(data["attributes"])["class"]
        assert task.class_labels == list(dataset.class_names)
        assert (task.target_name, task.evaluation_measure) == ("class", "area_under_roc_curve")
        task.split = OpenMLSplit._from_arff_file(where / "datasplits.arff")
        assert (task.split.repeats, task.split.folds) == (1, 2)
        parts = [np.concatenate(task.split.get(0, fold)) for fold in (0, 1)]
        assert all(sorted(part) == list(range(36)) for part in parts)
        tasks[int(task.task_id)] = task
        assert "oml:task_inputs" in task._to_xml()  # what it would send to be published

    monkeypatch.setattr("openml.runs.run.get_task", lambda number, **more: tasks[int(number)])
    outcomes = {(o.seed, o.fold): o for o in study.outcomes(device="cpu")}
    seeds = {}
    for where in sorted((folder / "runs").iterdir()):
        run: Any = OpenMLRun.from_filesystem(where, expect_model=False)
        assert run.flow.name == "whence.finetune"
        assert run.flow.parameters["source"] == "none"
        assert run.flow.parameters["epochs"] == "1"
        assert "whence.finetune" in run.flow._to_xml()
        seed = int(run.flow.parameters["seed"])
        seeds[seed] = run.task_id
        for fold in (0, 1):
            mine = outcomes[seed, fold]
            rows = [row for row in run.data_content if int(row[1]) == fold]
            assert sorted(int(row[3]) for row in rows) == sorted(tasks[run.task_id].split.get(0, fold)[1])
            assert all(dataset.class_names[dataset.labels[int(row[3])]] == row[5] for row in rows)
            labels = [dataset.class_names.index(row[5]) for row in rows]
            judged = roc_auc_score(labels, [row[6:] for row in rows], multi_class="ovr", average="weighted")
            assert run.fold_evaluations["area_under_roc_curve"][0][fold] == mine.auc == pytest.approx(judged)
        told = run.get_metric_fn(accuracy_score)
        assert list(told) == pytest.approx([outcomes[seed, fold].accuracy for fold in (0, 1)])
        assert run.fold_evaluations["predictive_accuracy"][0][1] == outcomes[seed, 1].accuracy
    assert seeds == {1: 1, 2: 2}

    with (folder / "evaluations.csv").open(newline="") as file:
        evaluations = list(csv.DictReader(file))
    from openml.evaluations import OpenMLEvaluation

    for row in evaluations:
        numbers = {
            name: int(row[name] or 0) for name in ("run_id", "task_id", "setup_id", "flow_id", "data_id")
        }
        one = OpenMLEvaluation(**(row | numbers | {"uploader": 0, "values": json.loads(row["values"])}))  # type: ignore[arg-type]
        column = {"area_under_roc_curve": "auc", "predictive_accuracy": "accuracy"}[one.function]
        assert one.values == [getattr(outcomes[one.task_id, fold], column) for fold in (0, 1)]
    assert len(evaluations) == 4
