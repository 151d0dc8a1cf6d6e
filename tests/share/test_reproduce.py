"""Somebody's study run again: compared fold by fold with what they measured, and honest about what did not run."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from whence.api import Study
from whence.cli.app import app
from whence.knowledge import own_outcomes
from whence.records import Outcome, Prediction
from whence.share.agreement import best_sources, compare_folds, counted
from whence.share.archive import read_archive, write_archive
from whence.share.pull import pull
from whence.share.push import push_checkpoint
from whence.share.results import INDEX, MEMBERS, write_results
from whence.study import work
from whence.study.ledger import Measured

EQUAL, NOISE, DIFFERS, NOT_RUN = "equal", "within the folds' noise", "differs", "not run"


def whence(*words: str | Path, code: int = 0) -> Any:
    done = CliRunner().invoke(app, [*map(str, words), "--json", "--quiet"])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output + done.stderr
    return json.loads(done.stdout) if done.stdout else done.stderr


@pytest.fixture
def elsewhere(picture_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive in a folder of another machine, which has the data under other names."""
    picture_folder(("cat", "dog"), per_class=10, seed=1, name="natural")
    picture_folder(("healthy", "ill"), per_class=12, seed=2, name="xrays")
    recipe = {"base": "small", "size": 16, "epochs": 1, "batch": 8}
    fields = {"name": "mini", "sources": [str(tmp_path / "natural"), "none"], "targets": [str(tmp_path / "xrays")],
              "backbone": "test_resnet", "recipe": recipe, "folds": 2}  # fmt: skip
    study = Study.from_fields(fields, tmp_path / "mini")
    study.run(engine="inline", device="cpu")
    (tmp_path / "there").mkdir()
    write_results(study.plan(device="cpu"), study.folder, tmp_path / "there" / "mini.zip")
    shutil.move(tmp_path / "natural", tmp_path / "there" / "animals")
    shutil.move(tmp_path / "xrays", tmp_path / "there" / "knees")
    monkeypatch.setenv("WHENCE_HOME", str(tmp_path / "there" / "home"))
    monkeypatch.chdir(tmp_path / "there")
    return tmp_path / "there" / "mini.zip"


RUN = ("study", "run", "mini.zip", "--engine", "inline", "--device", "cpu")
DATA = ("--data", "natural=animals", "--data", "xrays=knees")


def changed(archive: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Another content of one member, the checksums made to agree."""
    members = read_archive(archive, MEMBERS)
    members[name] = change(members[name])
    index = json.loads(members[INDEX])
    index["files"][name] = hashlib.sha256(members[name]).hexdigest()
    write_archive(archive, members | {INDEX: json.dumps(index).encode()})


def test_a_study_is_run_again_to_the_last_bit(elsewhere: Path) -> None:
    found = whence(*RUN, *DATA)
    assert found["agreement"] == {EQUAL: 4, NOISE: 0, DIFFERS: 0, NOT_RUN: 0}
    assert found["jobs"] == {"done": 5, "failed": 0, "waiting": 0}
    assert [(one["source"], one["target"], one["fold"]) for one in found["folds"]] == [
        ("natural", "xrays", 0), ("natural", "xrays", 1), ("none", "xrays", 0), ("none", "xrays", 1)
    ]  # fmt: skip
    assert all(one["then"] == one["now"] for one in found["folds"])
    assert [one["auc"] for one in found["outcomes"]] == [one["now"] for one in found["folds"]]
    assert found["study"] == "mini"
    assert [one["then"] == one["now"] for one in found["best"]] == [True]
    assert found["missing"] == found["versions"] == {}
    assert (elsewhere.parent / "mini-again" / "outcomes.csv").exists()
    assert not len(own_outcomes())  # a check of somebody's study is no experience of its own
    # what this machine has had before is found by its fingerprint
    shutil.rmtree(elsewhere.parent / "mini-again")
    assert whence(*RUN)["agreement"][EQUAL] == 4


def test_the_last_bit_is_looked_at(elsewhere: Path) -> None:
    """One digit at the end of one probability of one fold is another: that fold is not equal any more."""
    outcomes = read_archive(elsewhere, MEMBERS)["outcomes.csv"].decode()
    (first, *_) = csv.DictReader(io.StringIO(outcomes))

    def nudge(data: bytes) -> bytes:
        lines = gzip.decompress(data).decode().split("\r\n")
        place = next(i for i, line in enumerate(lines) if line.startswith(first["job"]))
        digit = lines[place][-3]
        lines[place] = lines[place][:-3] + ("2" if digit == "1" else "1") + lines[place][-2:]
        return gzip.compress("\r\n".join(lines).encode(), mtime=0)

    changed(elsewhere, "predictions.csv.gz", nudge)
    found = whence(*RUN, *DATA)
    assert found["agreement"] == {EQUAL: 3, NOISE: 1, DIFFERS: 0, NOT_RUN: 0}
    (other,) = [one for one in found["folds"] if one["verdict"] == NOISE]
    assert other["then"] == other["now"] == float(first["auc"])


def test_other_numbers_than_ours_are_told(elsewhere: Path) -> None:
    def other(data: bytes) -> bytes:
        lines = data.decode().split("\r\n")
        place = lines[0].split(",").index("auc")
        for i, line in enumerate(lines[1:-1], start=1):
            cells = line.split(",")
            if cells[1] == "none":
                lines[i] = ",".join(
                    [*cells[:place], "0.0001" if cells[7] == "0" else "0.0002", *cells[place + 1 :]]
                )
        return "\r\n".join(lines).encode()

    changed(elsewhere, "outcomes.csv", other)
    found = whence(*RUN, *DATA)
    assert found["agreement"] == {EQUAL: 2, NOISE: 0, DIFFERS: 2, NOT_RUN: 0}
    assert {one["source"] for one in found["folds"] if one["verdict"] == DIFFERS} == {"none"}


@pytest.mark.parametrize("name", ["/etc", "paper:dtd", "animals"])
@pytest.mark.parametrize("where", ["sources", "targets"])
def test_nothing_is_opened_that_the_archive_does_not_tell_of(name: str, where: str, elsewhere: Path) -> None:
    def more(data: bytes) -> bytes:
        fields = yaml.safe_load(data)
        fields[where].append(name)
        return yaml.safe_dump(fields).encode()

    changed(elsewhere, "study.yaml", more)
    assert f"it does not tell what {name!r} is" in whence(*RUN, *DATA, code=2)


def test_weights_that_the_archive_does_not_tell_of_are_left_alone(elsewhere: Path) -> None:
    """Nobody's file is read because a study file from somewhere names it."""

    def more(data: bytes) -> bytes:
        fields = yaml.safe_load(data)
        fields["sources"] += ["file:/etc/passwd", "hf-hub:evil/model"]
        return yaml.safe_dump(fields).encode()

    changed(elsewhere, "study.yaml", more)
    assert whence(*RUN, *DATA)["agreement"][EQUAL] == 4


def test_what_is_not_at_hand_is_left_out_and_told(elsewhere: Path) -> None:
    done = CliRunner().invoke(app, [*RUN, "--data", "xrays=knees", "--quiet"])
    assert done.exit_code == 1
    assert "2 of 4 folds did not run again: natural: 20 images with the fingerprint" in done.stderr
    assert "are not at hand: --data natural=PATH" in done.stderr
    assert "2 equal, 2 not run" in done.stdout
    assert "not run" in done.stdout


def test_weights_are_found_by_their_bytes(
    elsewhere: Path, make_checkpoint: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A study that started from a file, ImageNet's weights, and what was pulled under another name there."""
    monkeypatch.setenv("WHENCE_HOME", str(tmp_path / "whence-home"))
    here, imagenet = make_checkpoint("start"), tmp_path / "whence-home" / "weights" / "test_resnet.r160_in1k"
    pushed = make_checkpoint("shared", seed=7)
    for name, path in (("textures", pushed), ("second", make_checkpoint("second", seed=9))):
        push_checkpoint(path, str(tmp_path / name), name=name, say=print)
        pull(str(tmp_path / name))
    imagenet.mkdir(parents=True)
    shutil.copy(make_checkpoint("imagenet", seed=8), imagenet / "weights.safetensors")
    recipe = {"base": "small", "size": 16, "epochs": 1, "batch": 8}
    fields = {
        "name": "more",
        "sources": [f"file:{here}", "pulled:textures", "pulled:second", "imagenet", "none"],
        "targets": ["knees"],
        "backbone": "test_resnet",
        "recipe": recipe,
        "folds": 2,
    }
    study = Study.from_fields(fields, tmp_path / "more")
    study.run(engine="inline", device="cpu")
    write_results(study.plan(device="cpu"), study.folder, Path("mini.zip"))

    monkeypatch.setenv("WHENCE_HOME", str(tmp_path / "there" / "home"))
    found = whence(*RUN, "--data", "knees=knees", code=1)
    assert set(found["missing"]) == {"file:start", "pulled:textures", "pulled:second", "imagenet"}
    assert found["agreement"] == {EQUAL: 2, NOISE: 0, DIFFERS: 0, NOT_RUN: 8}
    assert "is not the study's weights" in whence(*RUN, "--data", f"file:start={pushed}", code=2)
    for name in ("textures", "second"):
        pull(str(tmp_path / name), name=f"another-{name}")
    shutil.copytree(imagenet, tmp_path / "there" / "home" / "weights" / imagenet.name)
    found = whence(*RUN, "--data", f"file:start={here}")
    assert found["agreement"] == {EQUAL: 10, NOISE: 0, DIFFERS: 0, NOT_RUN: 0}
    assert {one["source"] for one in found["outcomes"]} == {
        "file:start", "pulled:textures", "pulled:second", "imagenet", "none"
    }  # fmt: skip


def test_a_job_that_fails_is_told(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train = work._train

    def broken(job: Any, *rest: Any, **named: Any) -> Any:
        if job.kind == "finetune" and "pretraining" in job.inputs and job.inputs["fold"] == 1:
            raise ArithmeticError("the disk is on fire")
        return train(job, *rest, **named)

    monkeypatch.setattr(work, "_train", broken)
    done = CliRunner().invoke(app, [*RUN, *DATA, "--quiet"])
    assert done.exit_code == 1
    assert "1 of 4 folds did not run again" in done.stderr
    assert "the disk is on fire" in done.stderr
    assert "3 equal, 1 not run" in done.stdout


def test_other_data_are_refused_before_anything_runs(elsewhere: Path) -> None:
    for words, told in (
        (("--data", "xrays=animals"), "is another dataset than the study's"),
        (("--data", "knees=xrays"), "unknown dataset of the study 'knees'"),
        (("--data", "xrays=nowhere"), "there is no file or folder"),
        ((), "nothing of study 'mini' can be run here"),
        (("--seed", "3"), "--seed are not for archives"),
        (("--dry-run",), "--dry-run"),
    ):
        assert told in whence(*RUN, *words, code=2)
    assert not (elsewhere.parent / "mini-again").exists()
    assert "--data is for results archives" in whence("study", "run", "mini.yaml", "--data", "a=b", code=2)


# --- the comparison alone, against numbers worked out by hand


def fold(source: str, number: int, auc: float, probability: float = 0.5, target: str = "skin") -> Measured:
    values: dict[str, Any] = {
        **dict.fromkeys(("accuracy", "validation_auc", "validation_accuracy", "train_auc", "train_accuracy"), 0.5),
        **dict.fromkeys(("study", "source_recipe", "target_variant", "note", "host"), ""),
        "backbone": "resnet18", "recipe": "small", "seed": 1, "converged": True, "epochs": 2, "train_images": 48,
        "test_images": 6, "seconds": 90.0, "device": "cpu",
    }  # fmt: skip
    key = f"{source}{number}"
    row = Outcome(source=source, target=target, fold=number, auc=auc, job=key, **values)
    return Measured(row, [], [Prediction(key, number, "image", 1, (1 - probability, probability))])


def test_verdicts_by_hand() -> None:
    then = [fold("a", 0, 0.80), fold("a", 1, 0.90), fold("b", 0, 0.70), fold("c", 0, 0.6), fold("c", 1, 0.6)]
    sd = ((0.05**2 + 0.05**2) / 1) ** 0.5  # of 0.80 and 0.90: 0.0707
    now = [
        *(fold("a", 0, 0.80 + sd - 1e-9, 0.4), fold("a", 1, 0.90 - sd - 1e-9, 0.4)),
        *(fold("b", 0, 0.70), fold("d", 0, 0.99), fold("c", 0, 0.6, 0.4)),
    ]
    found = {(one.source, one.fold): one for one in compare_folds(then, now)}
    assert {cell: one.verdict for cell, one in found.items()} == {
        ("a", 0): NOISE, ("a", 1): DIFFERS, ("b", 0): EQUAL, ("c", 0): NOISE, ("c", 1): NOT_RUN
    }  # fmt: skip
    assert found["a", 0].noise == pytest.approx(sd)
    assert found["b", 0].noise is None
    assert (found["c", 1].then, found["c", 1].now) == (0.6, None)
    assert counted(found.values()) == {EQUAL: 1, NOISE: 2, DIFFERS: 1, NOT_RUN: 1}


def test_one_fold_alone_has_no_noise_to_hide_in() -> None:
    (one,) = compare_folds([fold("a", 0, 0.8)], [fold("a", 0, 0.8000001, 0.50001)])
    assert one.verdict == DIFFERS
    (one,) = compare_folds([fold("a", 0, 0.8)], [replace(fold("a", 0, 0.8), predictions=[])])
    assert one.verdict == DIFFERS


def test_the_best_source_counts_only_folds_measured_twice() -> None:
    then = [fold("a", 0, 0.9), fold("a", 1, 0.1), fold("b", 0, 0.8), fold("b", 1, 0.8), fold("c", 0, 1.0)]
    now = [fold("a", 0, 0.7), fold("b", 0, 0.8), fold("b", 1, 0.8)]
    (best,) = best_sources(compare_folds(then, now))
    assert (best.then, best.now) == ("a", "b")
    assert best_sources(compare_folds([fold("a", 0, 0.9)], [fold("a", 0, 0.9)])) == []
