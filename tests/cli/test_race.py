"""whence rank --budget, as typed: killed in the middle it goes on and comes to the same answer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from whence.cli.app import app


@pytest.fixture
def command(picture_folder: Callable[..., Path]) -> list[str]:
    target = picture_folder(("healthy", "ill"), per_class=20, seed=2, name="xrays")
    words = ["rank", str(target), "--sources", "none", "--backbone", "test_resnet", "--size", "16"]
    return [*words, "--budget", "k=1", "--device", "cpu", "--json"]


def test_a_race_killed_in_the_middle_goes_on_to_the_same_answer(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(where: Path) -> Any:
        monkeypatch.setenv("WHENCE_HOME", str(where))
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)

    expected = answer(tmp_path / "undisturbed")
    race = expected["race"]
    assert race["fold_epochs"] == race["fold_epochs_of_everything"] == 60
    assert {(run["epochs"], run["of"]) for run in race["runs"]} == {(12, 12)}
    (row,) = expected["ranking"]
    assert row["source"] == "none"
    assert any("raced here on 5 folds" in reason for reason in row["reasons"])
    assert row["low"] <= row["predicted"] <= row["high"]

    killed = tmp_path / "killed"
    process = subprocess.Popen(
        [sys.executable, "-m", "whence", *command], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        env=os.environ | {"WHENCE_HOME": str(killed)},
    )  # fmt: skip
    assert process.stderr is not None
    assert any("fold 0: epoch" in line for line in process.stderr)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert list((killed / "jobs" / "trial").glob("*/done"))
    again = answer(killed)
    for document in (expected, again):
        for timing in ("seconds", "told"):
            document["race"].pop(timing)
    assert again == expected
    assert not list(killed.glob("jobs/trial/*.tmp"))


def test_a_budget_that_says_nothing_is_refused_before_anything_is_read(command: list[str]) -> None:
    wrong = [word if word != "k=1" else "soon" for word in command]
    done = CliRunner().invoke(app, wrong)
    assert done.exit_code == 2
    assert "the budget 'soon' cannot be read; give a time such as 30m or 2h, or k=3" in done.stderr
    assert done.stdout == ""
