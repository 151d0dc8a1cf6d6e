"""Every command of docs/sharing.md, typed in its order, on a smaller network than the page names."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from whence.cli.app import app

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sharing.md"
COMMANDS = [
    line for block in re.findall(r"```bash\n(.*?)```", PAGE.read_text(), re.DOTALL) for line in block.splitlines()
]  # fmt: skip


@pytest.mark.slow
def test_every_command_of_the_page_runs(
    picture_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture_folder(("brick", "grass"), per_class=10, seed=1, name="textures")
    picture_folder(("healthy", "ill"), per_class=10, name="xrays")
    recipe = {"base": "small", "size": 16, "epochs": 1, "batch": 8}
    study = {
        "sources": ["textures", "none"],
        "targets": ["xrays"],
        "backbone": "test_resnet",
        "recipe": recipe,
        "folds": 2,
    }
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study | {"engine": "inline"}))
    monkeypatch.chdir(tmp_path)
    assert len(COMMANDS) == 13
    for command in COMMANDS:
        whence, *words = shlex.split(command.replace("resnet18", "test_resnet"))
        assert whence == "whence"
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, f"{command}\n{done.output}\n{done.stderr}"
    assert (tmp_path / "xrays.json").exists()
    assert (tmp_path / "openml" / "evaluations.csv").exists()
    assert "4 equal" in CliRunner().invoke(app, ["study", "run", "study.zip", "--quiet"]).stdout
