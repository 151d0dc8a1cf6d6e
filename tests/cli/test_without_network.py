"""Every verb runs behind a wall: all sockets but those of this machine are refused, in every process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.wall import refused_hosts, walled

VERBS = """
import json, os, sys
from pathlib import Path
from typer.testing import CliRunner
from whence.cli.app import app

for words in json.loads(sys.argv[1]):
    if words[-1] == "JOB":
        words[-1] = str(next(Path(os.environ["WHENCE_HOME"]).glob("jobs/finetune/*")))
    done = CliRunner().invoke(app, words)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    print(json.dumps([done.exit_code, done.stdout, done.stderr]))
"""


@pytest.mark.slow
def test_every_verb_runs_without_a_network(
    picture_folder: Callable[..., Path], tmp_path: Path, private_home: Path
) -> None:
    xrays = picture_folder(("healthy", "ill"), per_class=12, name="xrays")
    textures = picture_folder(("brick", "grass"), per_class=12, seed=3, name="textures")
    recipe = {"base": "small", "size": 16, "epochs": 1, "batch": 8}
    study = {"sources": [f"{textures}[grey]", "none"], "targets": [str(xrays)], "backbone": "test_resnet"}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study | {"recipe": recipe, "folds": 2}))
    quick = ["--backbone", "test_resnet", "--device", "cpu"]
    verbs = [
        ["datasets"],
        ["datasets", "show", str(xrays), f"mix({xrays}, {textures})[n=20]"],
        ["datasets", "show", str(xrays), str(textures), "--table"],
        ["datasets", "montage", str(xrays), str(textures), "-o", str(tmp_path / "figure1.png")],
        ["study", "run", str(tmp_path / "study.yaml"), "--device", "cpu"],
        ["study", "status", str(tmp_path / "study.yaml"), "--device", "cpu"],
        ["study", "report", str(tmp_path / "study.yaml"), "--device", "cpu"],
        [
            "share",
            "export",
            str(tmp_path / "study.yaml"),
            "-o",
            str(tmp_path / "study.zip"),
            "--device",
            "cpu",
        ],
        ["share", "push", str(tmp_path / "study.zip"), "--to", str(tmp_path / "shared")],
        ["share", "pull", str(tmp_path / "shared")],
        ["share", "card", str(xrays)],
        ["pretrain", str(textures), *quick],
        ["finetune", "none", str(xrays), "--folds", "2", *quick],
        ["rank", str(xrays), "--size", "32", *quick],  # asks for ImageNet's weights, and does without them
        ["knowledge", "list"],
        ["run-job", "JOB"],
        ["doctor"],
    ]
    fetching = [
        ["datasets", "show", "paper:dtd"],
        ["datasets", "show", "medmnist:breast"],
        ["datasets", "show", "paper:isic2018"],
        ["datasets", "show", "hf:lab/none"],
        ["share", "pull", "hf:lab/none"],
        ["share", "pull", "osf:abcde"],
    ]
    answers, asked = behind_the_wall([*verbs, *fetching], tmp_path)
    for words, (code, _, err) in zip(verbs, answers[: len(verbs)], strict=True):
        assert code == 0, (words, err)
    for words, (code, out, err) in zip(fetching, answers[len(verbs) :], strict=True):
        lines = [line for line in err.splitlines() if not line.startswith("reading ")]
        assert (code, out, len(lines)) == (2, "", 1), (words, err)
        assert lines[0].startswith("whence: ")
        assert "https://" in lines[0] or "cannot be reached from here" in lines[0]
    assert asked <= {
        "api.osf.io",
        "huggingface.co",
        "www.robots.ox.ac.uk",
        "zenodo.org",
    }  # nobody else was even asked


def behind_the_wall(verbs: list[list[str]], folder: Path) -> tuple[list[tuple[int, str, str]], set[str]]:
    """Exit code, stdout and stderr of each verb, typed into one process; and the hosts that were refused."""
    wall = walled(folder)
    done = subprocess.run(
        [sys.executable, "-c", VERBS, json.dumps(verbs)],
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
        cwd=folder,
        env={
            **{key: value for key, value in os.environ.items() if key != "HF_HUB_OFFLINE"},
            **wall,
            "HF_HOME": str(folder / "hf"),
        },
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answers = [tuple(json.loads(line)) for line in done.stdout.splitlines()]
    return answers, refused_hosts(folder)
