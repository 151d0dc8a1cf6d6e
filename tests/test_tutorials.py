"""Every command of every tutorial is typed, in the page's order, with the files that the page gives: a newcomer's walk.

Blocks without a language are outputs, or commands for another machine (they need a network, or Slurm): not typed.
"""

import importlib.util
import json
import re
import runpy
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import timm
import yaml
from typer.testing import CliRunner

from tests.data.fakes.paper import make_all
from tests.typing_docs import REPOSITORY, commands, typed, write_files
from tests.wall import refused_hosts, walled
from whence.cli.app import app
from whence.nets.backbone import build
from whence.nets.weights import save_weights


def tutorial(name: str) -> str:
    return (REPOSITORY / "docs" / "tutorials" / f"{name}.md").read_text()


def typed_in_one_shell(text: str, folder: Path, **more: str) -> str:
    """Type every command of a page, or a part of one, one after the other; what they printed."""
    return typed("\n".join(["set -e", *commands(text)]), folder, seconds=1800, **more)


def pip_into(folder: Path) -> dict[str, str]:
    """Variables with which `pip install` leaves this environment alone and asks no index."""
    site = str(folder / "site")
    alone = {"PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    return alone | {"PIP_TARGET": site, "PYTHONPATH": site, "PYTEST_ADDOPTS": "-p no:cacheprovider"}


def test_each_tutorial_is_here_and_in_the_navigation() -> None:
    pages = {file.name for file in (REPOSITORY / "docs" / "tutorials").glob("*.md")}
    listed = set(re.findall(r"tutorials/(\S+\.md)", (REPOSITORY / "mkdocs.yml").read_text()))
    typed_here = set(re.findall(r'tutorial\("(\S+?)"\)', Path(__file__).read_text()))
    assert pages == listed == {f"{name}.md" for name in typed_here}


@pytest.mark.slow
@pytest.mark.ci
def test_from_a_folder_to_a_ranking(tmp_path: Path) -> None:
    page = tutorial("own-folder")
    write_files(page, tmp_path)
    said = typed_in_one_shell(page, tmp_path)
    assert "fundus: no vessel 100, vessel 100" in said
    assert said.count("Sources for fundus, best first") == 2
    assert "The race took" in said
    assert said.splitlines()[-3].split()[0] in {
        "none",
        "demo:natural[n=200]",
    }  # best.py: the best, and the table
    assert (tmp_path / "ranking.html").read_text().startswith("<!DOCTYPE html>")


@pytest.mark.slow
def test_reproduce_the_paper(
    tmp_path: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch, no_network: None
) -> None:
    """On faked datasets in their exact layouts; ImageNet's weights lie in the cache as after a download."""
    page = tutorial("reproduce-the-paper")
    write_files(page, tmp_path)
    study = (tmp_path / "cats-not-cat-scans.yaml").read_text()
    assert yaml.safe_load(study) == yaml.safe_load(
        (REPOSITORY / "studies/cats-not-cat-scans.yaml").read_text()
    )
    make_all(tmp_path / "datasets", monkeypatch)
    weights = private_home / "weights" / "resnet50.a1_in1k"
    weights.mkdir(parents=True)
    record = {"arch": "resnet50", "trained_on": "imagenet"}
    save_weights(weights / "weights.safetensors", build("resnet50", 1000, 0.0, 0), record)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    said = [in_this_process(command, monkeypatch) for command in commands(page)]
    assert "expert     pearson        24    0.238   0.263   +0.24" in said[0]
    assert (tmp_path / "paper" / "figure_3.svg").exists()
    assert "paper:isic2018: MEL" in said[2]
    planned = re.findall(r"^  (\S.*?)  +resnet50 +(\d+) ", said[3], flags=re.MULTILINE)
    pretrainings = [what for what, jobs in planned if what.startswith("pretrain on ") and jobs == "1"]
    pairs = [what.split(" → ") for what, jobs in planned if " → " in what and jobs == "5"]
    assert len(pretrainings) == 8
    assert len([pair for pair in pairs if pair[0] != "none"]) == 21
    assert len([pair for pair in pairs if pair[0] == "none"]) == 3
    assert len(planned) == 32
    assert "cats-not-cat-scans: 128 jobs to do" in said[3]


def in_this_process(command: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Do as a shell would with `export NAME=VALUE` and `whence …`; the faked datasets are known here only."""
    first, *words = shlex.split(command)
    if first == "export":
        name, _, value = words[0].partition("=")
        monkeypatch.setenv(name, value)
        return ""
    assert first == "whence"
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, (command, done.stderr, done.exception)
    return done.stdout


@pytest.mark.slow
def test_add_a_measure(tmp_path: Path) -> None:
    page = tutorial("add-a-measure")
    write_files(page, tmp_path)
    said = typed_in_one_shell(page, tmp_path, **pip_into(tmp_path))
    assert "2 passed" in said
    assert re.search(r"silhouette +1 +none +test_resnet +penultimate +\S+ +\S+ to \S+", said)
    assert re.search(r"logme +1 +none", said)


@pytest.mark.slow
@pytest.mark.ci
def test_add_a_dataset(tmp_path: Path) -> None:
    page = tutorial("add-a-dataset")
    write_files(page, tmp_path)
    said = typed_in_one_shell(page, tmp_path, **pip_into(tmp_path))
    assert re.search(r"lab:tissue +120 +2 +32×32 +1 +58 +none", said)
    assert "not as its card says" not in said
    assert (tmp_path / "tissue.png").exists()
    more = pip_into(tmp_path) | {"LAB_DATA": "elsewhere"}
    refused = typed(
        "whence datasets show lab:tissue 2>&1 || echo exit code $?", tmp_path, seconds=500, **more
    )
    assert (
        "lab:tissue is not on this machine: no picture in 'elsewhere/tissue'. Mount the department" in refused
    )
    assert refused.splitlines()[-1] == "exit code 2"


@pytest.mark.slow
@pytest.mark.ci
def test_a_cluster_in_ten_minutes(tmp_path: Path) -> None:
    for module, extra in (("ray", "ray"), ("submitit", "slurm"), ("mlflow", "mlflow")):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed: pip install 'whence[{extra}]'")
    page = tutorial("cluster-in-ten-minutes")
    write_files(page, tmp_path)
    said = typed_in_one_shell(page, tmp_path)
    assert "study: 7 jobs to do" in said
    assert said.count("study: 3 jobs done, 0 jobs failed, 4 jobs waiting") == 2
    assert "study: 7 jobs done, 0 jobs failed, 0 jobs waiting" in said
    assert (tmp_path / "study" / "report.html").exists()
    assert (tmp_path / "study" / "mlflow.db").exists()
    outcomes = json.loads(typed("whence study status study.yaml --json", tmp_path))["outcomes"]
    by_engine = {source: {row["engine"] for row in outcomes if row["source"] == source} for source in SOURCES}
    assert by_engine == {"none": {"ray"}, "demo:natural[n=200]": {"slurm"}}


SOURCES = ("none", "demo:natural[n=200]")


@pytest.mark.slow
@pytest.mark.ci
def test_a_hospital_without_internet(
    picture_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is typed outside runs here with random weights in the place of the download; the rest behind a wall."""
    page = tutorial("hospital-without-internet")
    write_files(page, tmp_path)
    picture_folder(("vessel", "no vessel"), per_class=20, name="fundus")
    plain = timm.create_model

    def without_download(name: str, pretrained: bool) -> Any:
        assert pretrained
        return plain(name, pretrained=False)

    with monkeypatch.context() as outside:
        outside.chdir(tmp_path)
        outside.setattr(timm, "create_model", without_download)
        runpy.run_path("save_weights.py")
    said = typed_in_one_shell(page, tmp_path, HF_HOME=str(tmp_path / "hf"), **walled(tmp_path))
    assert "problem:" not in said
    assert "carried/home" in said
    assert "Sources for fundus, best first" in said
    assert (tmp_path / "ranking.html").read_text().startswith("<!DOCTYPE html>")
    assert refused_hosts(tmp_path) == set()
