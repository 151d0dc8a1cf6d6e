"""Before a study: leakage is refused unless the file allows it, and then the report says so; near-copies warn."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from typer.testing import CliRunner, Result

from whence.cli.app import app
from whence.data import cut, open_dataset, survey
from whence.data.near_duplicates import near_pairs


def whence(*words: str | Path) -> Result:
    """The command line in this process."""
    return CliRunner().invoke(app, [*map(str, words)])


def test_a_target_inside_its_source_is_refused(study_file: Callable[..., Path], private_home: Path) -> None:
    file = study_file()
    shutil.copy(file.parent / "xrays" / "ill" / "004.png", file.parent / "natural" / "owl" / "stray.png")
    done = whence("study", "run", file, "--device", "cpu")
    assert done.exit_code == 2
    last = done.stderr.splitlines()[-1]
    for words in (
        "1 of the 30 images of target 'xrays'",
        "source 'natural'",
        "exclude: [[",
        "allow_leakage: true",
    ):
        assert words in last
    assert not (private_home / "jobs").exists()
    assert not (file.parent / "mini").exists()


def test_allowed_leakage_is_told_by_the_report(study_file: Callable[..., Path]) -> None:
    file = study_file(
        allow_leakage=True, targets=["xrays"], recipe={"base": "small", "size": 16, "epochs": 1}
    )
    shutil.copy(file.parent / "xrays" / "ill" / "004.png", file.parent / "natural" / "owl" / "stray.png")
    done = whence("study", "run", file, "--device", "cpu", "--json")
    assert done.exit_code == 0, done.stderr
    assert "allowed by allow_leakage: 1 of the 30 images" in done.stderr
    assert len(json.loads(done.stdout)["outcomes"]) == 4
    assert whence("study", "report", file, "--device", "cpu").exit_code == 0
    page = (file.parent / "mini" / "report.html").read_text()
    assert "Tested on what was trained on" in page
    assert "1 of the 30 images of target" in page
    assert "004.png" not in page  # no name of a file enters a page


def test_official_splits_that_share_a_patient_are_refused(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = ["image,label,split,patient"]
    (tmp_path / "t" / "images").mkdir(parents=True)
    for i in range(40):
        Image.fromarray(random.integers(0, 255, (12, 12), dtype=np.uint8)).save(
            tmp_path / f"t/images/{i}.png"
        )
        rows.append(f"{i}.png,{'ab'[i % 2]},{'train' if i < 30 else 'test'},p{i % 36}")
    (tmp_path / "t" / "labels.csv").write_text("\n".join(rows))
    study = {"sources": ["none"], "targets": ["t"], "backbone": "test_resnet", "folds": "official"}
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(study))
    done = whence("study", "run", tmp_path / "s.yaml", "--device", "cpu")
    assert done.exit_code == 2
    assert "images of 4 groups (patients, lesions, slides) on both sides" in done.stderr
    assert "t: warning: 4 of 36 groups have images in more than one of the given splits" in done.stderr


@pytest.fixture
def near_copies(tmp_path: Path) -> Path:
    """A study of forty smooth pictures, a third of them saved a second time a little brighter."""
    random = np.random.default_rng(7)
    for i in range(40):
        folder = tmp_path / "near" / "ab"[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        small = Image.fromarray(random.integers(0, 200, (8, 8), dtype=np.uint8))
        picture = small.resize((32, 32), Image.Resampling.BICUBIC)
        picture.save(folder / f"{i}.png")
        if i % 3 == 0:
            picture.point(lambda v: v + 12).save(folder / f"{i}-again.png")
    study = {"sources": ["none"], "targets": ["near"], "backbone": "test_resnet", "folds": 2}
    recipe = {"base": "small", "size": 16, "epochs": 1}
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(study | {"recipe": recipe}))
    return tmp_path / "s.yaml"


def test_near_copies_warn_and_may_be_kept_together(near_copies: Path) -> None:
    apart = whence("study", "run", near_copies, "--device", "cpu", "--json")
    assert apart.exit_code == 0, apart.stderr
    assert "look nearly the same as one that their fold trains on" in apart.stderr
    first = {one["job"] for one in json.loads(apart.stdout)["outcomes"]}
    near_copies.write_text(near_copies.read_text() + "group_near_duplicates: true\n")
    together = whence("study", "run", near_copies, "--device", "cpu", "--json")
    assert together.exit_code == 0, together.stderr
    assert "look nearly the same as one that their fold trains on" not in together.stderr
    second = {one["job"] for one in json.loads(together.stdout)["outcomes"]}
    assert not first & second
    dataset = open_dataset(near_copies.parent / "near")
    pairs = near_pairs(survey(dataset).perceptual_hash)
    for fold in cut(dataset, folds=2, seed=1, group_near_duplicates=True):
        side = np.zeros(len(dataset), dtype=int)
        side[fold.test], side[fold.validation] = 1, 2
        assert (side[pairs[:, 0]] == side[pairs[:, 1]]).all()
