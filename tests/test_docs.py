"""What the README and the docs say to type is typed: on faked pictures, without a network."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.typing_docs import REPOSITORY, blocks, commands, installed, typed
from whence.nets.backbone import build
from whence.nets.weights import save_weights

README = (REPOSITORY / "README.md").read_text()


COMMANDS = commands(README)


def test_the_first_page_of_the_docs_is_the_readme() -> None:
    moved = README.replace("](docs/", "](")
    assert (REPOSITORY / "docs" / "index.md").read_text() == moved


def test_the_two_commands_come_first() -> None:
    assert COMMANDS[:2] == ["make demo", "make test"]


@pytest.mark.slow
def test_make_demo_ends_with_a_ranking_and_its_page(tmp_path: Path) -> None:
    if not (REPOSITORY / ".venv" / ".ready").exists():
        pytest.skip("the Makefile's .venv is not set up: run the tests by `make test`")
    said = typed(f"make -C {REPOSITORY} demo DEMO_OPTIONS='-o {tmp_path / 'demo'}'", tmp_path)
    assert "Sources for demo:retina, best first" in said
    assert "Compared fold by fold with none: +" in said
    assert "whence rank YOUR-FOLDER" in said
    for page in ("study.html", "ranking.html"):
        assert (tmp_path / "demo" / page).read_text().startswith("<!DOCTYPE html>")


def test_make_test_finds_the_tests(tmp_path: Path) -> None:
    if not (REPOSITORY / ".venv" / ".ready").exists():
        pytest.skip("the Makefile's .venv is not set up: run the tests by `make test`")
    said = typed(f"make -C {REPOSITORY} test", tmp_path, PYTEST_ADDOPTS="--collect-only -p no:cacheprovider")
    assert re.search(r"\d{3} tests collected", said)


@pytest.mark.slow
def test_every_other_command_of_the_readme(
    picture_folder: Callable[..., Path], private_home: Path, tmp_path: Path
) -> None:
    """In the README's order, in one folder; ImageNet's weights lie in the cache as after a download."""
    picture_folder(("healthy", "ill"), per_class=12, name="xrays")
    picture_folder(("brick", "grass"), per_class=12, seed=1, name="textures")
    (study,) = blocks(README, "yaml")
    (tmp_path / "study.yaml").write_text(study)
    assert yaml.safe_load(study)["targets"] == ["xrays/"]
    weights = private_home / "weights" / "resnet18.a1_in1k"
    weights.mkdir(parents=True)
    record = {"arch": "resnet18", "trained_on": "imagenet"}
    save_weights(weights / "weights.safetensors", build("resnet18", 1000, 0.0, 0), record)
    for command in COMMANDS[2:]:
        typed(command, tmp_path)
    assert (tmp_path / "ranking.html").exists()
    assert (tmp_path / "study" / "report.html").exists()
    (python,) = blocks(README, "python")
    (tmp_path / "readme.py").write_text(python)
    assert typed("python readme.py", tmp_path).strip() in {"imagenet", "textures", "none"}


def example(part: str) -> str:
    """The example of docs/extending.md that has this in it."""
    return next(
        block
        for block in blocks((REPOSITORY / "docs" / "extending.md").read_text(), "python")
        if part in block
    )


def test_the_dataset_of_the_docs_opens_by_name(tmp_path: Path) -> None:
    dataset = example("def open(")
    assert len([line for line in dataset.splitlines() if line.strip()]) < 20
    path = installed(tmp_path, "whence.datasets", "stripes", "stripes", dataset)
    said = typed("whence datasets show example:stripes --json", tmp_path, PYTHONPATH=path)
    assert json.loads(said)["counts"] == {"lying": 20, "standing": 20}


def test_the_measure_of_the_docs_is_found(tmp_path: Path) -> None:
    measure = example("MEASURE =")
    assert len([line for line in measure.splitlines() if line.strip()]) < 20
    path = installed(tmp_path, "whence.measures", "centroid_gap", "centroid_gap:MEASURE", measure)
    code = (
        "import numpy as np\nfrom whence.measures import get, prepare\n"
        "x, y = np.array([[0.], [0.], [4.], [4.]]), np.array([0, 0, 1, 1])\n"
        "print(get('centroid_gap')(x, y), get('centroid_gap')(prepare(x), y))\n"  # as `whence score` gives them
    )
    (tmp_path / "use.py").write_text(code)
    assert typed("python use.py", tmp_path, PYTHONPATH=path).split() == ["2.0", "2.0"]


def test_the_layout_of_the_docs_is_found(tmp_path: Path) -> None:
    layout = example("LAYOUT =")
    assert len([line for line in layout.splitlines() if line.strip()]) < 20
    path = installed(tmp_path, "whence.layouts", "hospital", "hospital:LAYOUT", layout)
    code = (
        "import torch\nfrom whence.nets.backbone import build\nfrom whence.nets.sources import find_source\n"
        "state = build('test_resnet', 2, 0.0, 0).state_dict()\n"
        "called = {'conv1': 'stem_convolution', 'bn1': 'stem_norm'}\n"
        "names = {name: name.split('.', 1) for name in state}\n"
        "theirs = {called.get(a, a) + '.' + b: state[name] for name, (a, b) in names.items()}\n"
        "torch.save(theirs, 'w.pth')\nprint(find_source('file:w.pth', 'test_resnet').told)\n"
    )
    (tmp_path / "use.py").write_text(code)
    assert typed("python use.py", tmp_path, PYTHONPATH=path).strip().endswith("tensors, the hospital's names")


def test_the_engine_of_the_docs_runs_a_study(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    engine = example("ENGINE =")
    assert len([line for line in engine.splitlines() if line.strip()]) < 20
    path = installed(tmp_path, "whence.engines", "pool", "pool:ENGINE", engine)
    picture_folder(("healthy", "ill"), per_class=10, name="xrays")
    fields = {
        "sources": ["none"],
        "targets": ["xrays"],
        "backbone": "test_resnet",
        "recipe": {"base": "small", "size": 16, "epochs": 1, "batch": 8},
        "folds": 2,
    }
    (tmp_path / "mini.yaml").write_text(yaml.safe_dump(fields | {"name": "mini"}))
    said = typed("whence study run mini.yaml --engine pool --device cpu --json", tmp_path, PYTHONPATH=path)
    assert json.loads(said)["jobs"] == {"done": 2, "failed": 0, "waiting": 0}
    assert {outcome["engine"] for outcome in json.loads(said)["outcomes"]} == {"pool"}
