"""whence knowledge, as typed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from whence.cli.app import app
from whence.knowledge import own_outcomes, published_outcomes
from whence.knowledge.store import SHIPPED

TABLE = "study,source,target,backbone,auc\nlab,imagenet,knees,resnet18,0.9\nlab,none,knees,resnet18,0.8\n"


def document(*words: str | Path) -> Any:
    done = CliRunner().invoke(app, [*map(str, words), "--json", "--quiet"])
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def refused(*words: str | Path) -> str:
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    return done.stderr


def test_a_table_is_added_listed_and_removed(tmp_path: Path) -> None:
    (tmp_path / "lab.csv").write_text(TABLE)
    assert document("knowledge", "add", tmp_path / "lab.csv") == {"added": "lab"}
    known = {body["name"]: body for body in document("knowledge", "list")["known"]}
    assert set(known) == {*SHIPPED, "lab"}
    assert known["lab"]["outcomes"] == 2
    assert known["lab"]["provenance"] == str(tmp_path / "lab.csv")
    assert known["juodelyte2024"]["published"]
    assert document("knowledge", "remove", "lab") == {"removed": "lab"}
    assert "lab" not in {body["name"] for body in document("knowledge", "list")["known"]}
    assert "unknown body of outcomes 'lab'" in refused("knowledge", "remove", "lab")


def test_what_a_study_measures_is_known_afterwards(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    picture_folder(("healthy", "ill"), per_class=10, name="xrays")
    fields = {"sources": ["none"], "targets": ["xrays"], "backbone": "test_resnet", "folds": 2}
    recipe = {"base": "small", "size": 16, "epochs": 1, "batch": 8}
    (tmp_path / "mini.yaml").write_text(yaml.safe_dump(fields | {"recipe": recipe}))
    assert "no outcome yet" in refused("knowledge", "add", tmp_path / "mini.yaml")
    document("study", "run", tmp_path / "mini.yaml", "--engine", "inline", "--device", "cpu")
    own = own_outcomes()
    assert list(own["target"]) == ["xrays", "xrays"]
    assert own["target_fingerprint"].str.len().min() == 64
    assert document("knowledge", "remove", "mini") == {"removed": "mini"}
    assert document("knowledge", "add", tmp_path / "mini.yaml", "--device", "cpu") == {"added": "mini"}
    assert len(own_outcomes()) == 2


def test_evaluation_of_the_published_outcomes_and_of_a_table(tmp_path: Path) -> None:
    found = document("knowledge", "evaluate")
    assert len(found["targets"]) == 11
    methods = {row["method"]: row for row in found["methods"]}
    assert methods["mean rank"]["weighted_tau"] == pytest.approx(0.561, abs=5e-4)
    assert methods["race, 3 tried"]["regret"] <= methods["mean rank"]["regret"]
    outcomes = published_outcomes()
    mine = outcomes[outcomes["study"] == "juodelyte2024"]
    mine.to_csv(tmp_path / "o.csv", index=False)
    again = document("knowledge", "evaluate", "--outcomes", tmp_path / "o.csv", "--apart", "family")
    assert len(again["targets"]) == 12
    assert "leep" not in {row["method"] for row in again["methods"]}
    assert "unknown way to leave out 'one'" in refused("knowledge", "evaluate", "--apart", "one")
