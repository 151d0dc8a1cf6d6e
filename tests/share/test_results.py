"""A study's results leave one machine as an archive and are taken in on another, once."""

from __future__ import annotations

import gzip
import json
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from huggingface_hub import DatasetCard
from PIL import Image
from typer.testing import CliRunner

from whence.api import Study
from whence.cli.app import app
from whence.knowledge import bodies, known_descriptors, own_outcomes
from whence.records import as_row
from whence.share.archive import read_archive, write_archive
from whence.share.cards import croissant
from whence.share.results import MEMBERS, STUDY, read_results, write_results

RECIPE = {"base": "small", "size": 16, "epochs": 1, "batch": 8}


def whence(*words: str | Path, code: int = 0) -> Any:
    done = CliRunner().invoke(app, [*map(str, words), "--json", "--quiet"])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.stderr
    return json.loads(done.stdout) if done.stdout else done.stderr


def patients(folder: Path, seed: int, count: int = 8) -> Path:
    """Pictures in files that are called as patients are."""
    random = np.random.default_rng(seed)
    for number, label in enumerate(("healthy", "ill")):
        (folder / label).mkdir(parents=True)
        for i in range(count):
            pixels = random.integers(0, 120, (16, 16)) + 100 * number
            Image.fromarray(pixels.astype(np.uint8)).save(folder / label / f"mrs-miller-{seed}-{i}.png")
    return folder


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study file of everything that has a path: folders, a derived dataset, a weights file, an excluded pair."""
    patients(tmp_path / "secret-hospital" / "xrays", 1)
    patients(tmp_path / "secret-hospital" / "cells", 2, 12)
    from whence.nets.backbone import build
    from whence.nets.weights import save_weights

    record = {"arch": "test_resnet", "trained_on": "textures"}
    save_weights(tmp_path / "secret-hospital" / "start.safetensors", build("test_resnet", 2, 0.0, 0), record)
    fields = {
        "name": "mini",
        "sources": ["cells", "file:start.safetensors", "none"],
        "targets": ["xrays", "cells[n=16]"],
        "exclude": [["cells", "cells[n=16]"]],
        "overrides": {"finetune": {"cells[n=16]": {"batch": 4}}},
        "backbone": "test_resnet",
        "recipe": RECIPE,
        "folds": 2,
        "engine": {"name": "inline"},
        "tracking": {"name": "mlflow", "uri": "http://secret-hospital:5000"},
    }
    path = tmp_path / "secret-hospital" / "mini.yaml"
    path.write_text(yaml.safe_dump(fields))
    return path


def measured(path: Path) -> Study:
    study = Study.from_file(path)
    study.fields = study.fields.model_copy(update={"tracking": None})
    study.run(device="cpu")
    return study


HERE = ("secret-hospital", "miller", "radiology-pc-7", "mlflow", ".png", "start.safetensors")


def test_the_archive_tells_what_was_measured_and_nothing_of_the_place(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "node", lambda: "radiology-pc-7")
    done = measured(study)
    assert {row.host for row in done.outcomes(device="cpu")} == {"radiology-pc-7"}
    archive = tmp_path / "mini.zip"
    told = whence("share", "export", study, "-o", archive, "--device", "cpu")
    assert told == {"files": [{"file": str(archive), "bytes": archive.stat().st_size}]}
    members = read_archive(archive, MEMBERS)
    members["predictions.csv"] = gzip.decompress(members["predictions.csv.gz"])
    for data in (*members.values(), archive.read_bytes()):
        assert not [word for word in (*HERE, str(tmp_path)) if word.encode() in data]
    found = read_results(archive)
    assert found.study.sources == ["cells", "file:start", "none"]
    assert found.study.targets == ["xrays", "cells[n=16]"]
    assert found.study.exclude == [("cells", "cells[n=16]")]
    assert found.study.overrides.finetune == {"cells[n=16]": {"batch": 4}}
    assert (found.study.engine.name, found.study.tracking) == ("local", None)
    assert {name: (one["images"], one["name"]) for name, one in found.datasets.items()} == {
        "cells": (24, "cells"), "xrays": (16, "xrays"), "cells[n=16]": (16, "cells[n=16]")
    }  # fmt: skip
    assert found.weights["file:start"]["trained_on"] == "textures"
    own = [as_row(row) | {"host": ""} for row in done.outcomes(device="cpu")]
    assert [as_row(row) for row in found.outcomes] == own
    assert len(own) == 10
    assert all(len(one.predictions) in (4, 8) for one in found.measured if one.row in found.outcomes)


def test_what_a_study_file_says_of_its_data_travels_and_their_paths_do_not(
    study: Path, tmp_path: Path
) -> None:
    folder = study.parent / "xrays"
    facts = {"modality": "X-ray (chest)", "licence": "CC BY 4.0"}
    fields = yaml.safe_load(study.read_text()) | {"targets": [str(folder)], "exclude": [], "overrides": {}}
    study.write_text(yaml.safe_dump(fields | {"cards": {str(folder): facts, "cells": {"origin": "medical"}}}))
    done = measured(study)
    assert known_descriptors()["xrays"].kind == "X-ray"
    write_results(done.plan(device="cpu"), done.folder, tmp_path / "mini.zip")
    members = read_archive(tmp_path / "mini.zip", MEMBERS)
    assert not [name for name, data in members.items() if b"secret-hospital" in data]
    found = read_results(tmp_path / "mini.zip")
    assert {name: one.modality for name, one in found.study.cards.items()} == {
        "xrays": "X-ray (chest)",
        "cells": None,
    }
    assert found.datasets["xrays"]["licence"] == "CC BY 4.0"


def test_equal_results_give_equal_bytes(study: Path, tmp_path: Path) -> None:
    done = measured(study)
    for name in ("one.zip", "two.zip"):
        write_results(done.plan(device="cpu"), done.folder, tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_the_cards_in_it_are_read_by_those_they_are_for(study: Path, tmp_path: Path) -> None:
    mlc = pytest.importorskip("mlcroissant", reason="pip install 'whence[croissant]'")
    done = measured(study)
    write_results(done.plan(device="cpu"), done.folder, tmp_path / "mini.zip", licence="CC0")
    members = read_archive(tmp_path / "mini.zip", MEMBERS)
    card: Any = DatasetCard(members["README.md"].decode()).data
    assert card.license == "cc0-1.0"
    told = json.loads(members["croissant.json"])
    assert [one["alternateName"] for one in told] == ["cells", "xrays", "cells[n=16]"]
    for one in told:
        assert not mlc.Dataset(jsonld=one).metadata.ctx.issues.errors


def test_an_archive_is_known_once_however_often_it_is_added(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = measured(study)
    write_results(done.plan(device="cpu"), done.folder, tmp_path / "mini.zip")
    here = own_outcomes()
    assert whence("knowledge", "add", tmp_path / "mini.zip") == {
        "added": None
    }  # the study ran on this machine
    assert len(own_outcomes()) == len(here)

    monkeypatch.setenv("WHENCE_HOME", str(tmp_path / "elsewhere"))
    for _ in range(2):
        assert whence("knowledge", "add", tmp_path / "mini.zip") == {"added": "mini"}
    there = own_outcomes()
    kept = ["source", "target", "target_fingerprint", "backbone", "recipe", "fold", "seed", "auc"]
    same = (
        sorted(map(tuple, here[kept].astype(str).to_numpy())),
        sorted(map(tuple, there[kept].astype(str).to_numpy())),
    )
    assert same[0] == same[1]
    assert set(there["source"]) == {"cells", "textures", "none"}
    (body,) = [one for one in bodies() if not one.published]
    assert body.provenance.startswith("results archive, SHA-256 ")


def test_of_an_archive_that_has_grown_only_the_new_is_added(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = measured(study)
    write_results(done.plan(device="cpu"), done.folder, tmp_path / "two.zip")
    fields = yaml.safe_load(study.read_text())
    study.write_text(yaml.safe_dump(fields | {"targets": ["xrays"], "exclude": []}))
    fewer = Study.from_file(study)
    write_results(fewer.plan(device="cpu"), fewer.folder, tmp_path / "one.zip")
    monkeypatch.setenv("WHENCE_HOME", str(tmp_path / "elsewhere"))
    assert whence("knowledge", "add", tmp_path / "one.zip") == {"added": "mini"}
    assert len(own_outcomes()) == 6
    assert whence("knowledge", "add", tmp_path / "two.zip") == {"added": "mini-2"}
    assert len(own_outcomes()) == 10
    assert not own_outcomes().duplicated(["source", "target", "fold", "seed"]).any()


def test_results_are_pushed_and_pulled(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured(study)
    told = whence("share", "push", study, "--to", tmp_path / "out", "--licence", "CC0", "--device", "cpu")
    assert [row["file"] for row in told["files"]] == ["README.md", "results.zip", "whence.json"]
    assert DatasetCard((tmp_path / "out" / "README.md").read_text()).data.license == "cc0-1.0"  # type: ignore[attr-defined]
    monkeypatch.setenv("WHENCE_HOME", str(tmp_path / "elsewhere"))
    taken = whence("share", "pull", tmp_path / "out")
    assert (taken["kind"], taken["source"], taken["name"]) == ("results", None, "mini")
    archive = Path(taken["folder"]) / "results.zip"
    assert whence("knowledge", "add", archive) == {"added": "mini"}
    assert whence("share", "push", archive, "--to", tmp_path / "again")["sent"]
    assert (tmp_path / "again" / "results.zip").read_bytes() == archive.read_bytes()


def test_what_has_no_results_yet_is_said(study: Path, tmp_path: Path) -> None:
    assert "has no outcome yet; run it first" in whence(
        "share", "export", study, "-o", tmp_path / "x.zip", "--device", "cpu", code=2
    )
    assert not (tmp_path / "x.zip").exists()


def test_an_archive_is_written_for_any_machine_the_same(tmp_path: Path) -> None:
    write_archive(tmp_path / "a.zip", {"b": b"2", "a": b"1"})
    write_archive(tmp_path / "b.zip", {"a": b"1", "b": b"2"})
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert list(read_archive(tmp_path / "a.zip", ["a", "b"]).items()) == [("a", b"1"), ("b", b"2")]


def test_cards_by_the_command_line(study: Path, make_checkpoint: Callable[..., Path], tmp_path: Path) -> None:
    from whence.data import open_dataset

    xrays = study.parent / "xrays"
    text = whence("share", "card", xrays)["card"]
    assert "16 images of 2 classes" in text
    assert "miller" not in text
    done = CliRunner().invoke(
        app, ["share", "card", str(xrays), "--croissant", "-o", str(tmp_path / "x.json")]
    )
    assert done.stdout.strip() == str(tmp_path / "x.json")
    assert json.loads((tmp_path / "x.json").read_text()) == croissant(open_dataset(xrays))
    assert "test\\_resnet pretrained on textures" in whence("share", "card", make_checkpoint())["card"]
    measured(study)
    assert "10 folds measured with whence" in whence("share", "card", study, "--device", "cpu")["card"]
    assert "is no dataset" in whence("share", "card", study, "--croissant", code=2)
    assert STUDY in MEMBERS
