"""The command line as a user types it: documents, exit codes, and one line for every mistake."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image
from typer.testing import CliRunner

from whence.cli.app import app

WHENCE = [sys.executable, "-m", "whence"]
QUICK = {"base": "small", "size": 16, "epochs": 1, "batch": 8}


def whence(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command line in this process, which has torch loaded already: ten CPU seconds less than a new one.

    Ctrl-C and the README's commands are tested in shells and processes of their own.
    """
    with contextlib.chdir(cwd or Path.cwd()):
        done = CliRunner().invoke(app, [*map(str, words)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)


def refused(*words: str | Path, cwd: Path) -> str:
    """Run what must be refused: exit code 2, one line on stderr, nothing on stdout, nothing written."""
    before = snapshot(cwd)
    done = whence(*words, cwd=cwd)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if not line.startswith("reading ")]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("whence: ")
    assert snapshot(cwd) == before
    assert not (Path(os.environ["WHENCE_HOME"]) / "jobs").exists()
    return lines[0]


def snapshot(folder: Path) -> dict[str, int]:
    home = Path(os.environ["WHENCE_HOME"])
    return {
        str(p.relative_to(folder)): p.stat().st_size
        for p in folder.rglob("*")
        if p.is_file() and not p.is_relative_to(home)
    }


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import sys, whence\n"
        "from whence.cli import main\n"
        "sys.argv = ['whence', '--help']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "heavy = {'torch', 'timm', 'pandas', 'sklearn', 'scipy', 'altair', 'torchvision'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in ("demo", "datasets", "rank", "pretrain", "finetune", "study", "run-job", "doctor"):
        assert name in done.stdout


def test_datasets_show_prints_the_document(picture_folder: Callable[..., Path]) -> None:
    folder = picture_folder(("healthy", "ill"), per_class=6, size=20)
    done = whence("datasets", "show", folder, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["images"] == 12
    assert document["counts"] == {"healthy": 6, "ill": 6}
    assert document["size"] == {"min": [20, 20], "max": [20, 20]}
    assert document["channels"] == 3
    several = json.loads(whence("datasets", "show", folder, folder, "--json").stdout)
    assert several == {"datasets": [document, document], "findings": []}


def test_pretrain_finetune_and_rank_fit_together(picture_folder: Callable[..., Path]) -> None:
    source = picture_folder(("cat", "dog"), per_class=12, seed=1, name="natural")
    target = picture_folder(("healthy", "ill"), per_class=20, seed=2, name="xrays")
    settings = ("--backbone", "test_resnet", "--json", "--quiet", "--device", "cpu")
    made = whence("pretrain", source, *settings)
    assert made.returncode == 0, made.stderr
    checkpoint = json.loads(made.stdout)["checkpoint"]
    assert Path(checkpoint).is_file()

    loud = [option for option in settings if option != "--quiet"]
    tuned = whence("finetune", f"file:{checkpoint}", target, "--folds", "2", *loud)
    assert tuned.returncode == 0, tuned.stderr
    assert "weights made on images of 64 pixels; trained here on 64 pixels" in tuned.stderr
    assert "left open by the paper's text: dropout 0.5" in tuned.stderr
    document = json.loads(tuned.stdout)
    assert document["target"] == "xrays"
    assert [o["fold"] for o in document["outcomes"]] == [0, 1]
    aucs = [o["auc"] for o in document["outcomes"]]
    assert document["auc"]["mean"] == pytest.approx(np.mean(aucs))
    assert document["auc"]["sd"] == pytest.approx(np.std(aucs, ddof=1))
    assert document["recipe"]["optimizer"] == {"value": "adam", "origin": "paper"}
    assert document["metrics"]["auc"]["value"] == pytest.approx(np.mean(aucs))
    assert {"balanced_accuracy", "calibration_error", "auc of healthy", "auc of ill"} <= set(
        document["metrics"]
    )

    page = target.parent / "ranking.html"
    ranked = whence("rank", target, "--sources", f"{source},none", "--size", "32", "-o", page, *settings)
    assert ranked.returncode == 0, ranked.stderr
    document = json.loads(ranked.stdout)
    assert {row["source"] for row in document["ranking"]} == {"natural", "none"}
    natural = next(row for row in document["ranking"] if row["source"] == "natural")
    assert any("measured here" in reason and "2 folds" in reason for reason in natural["reasons"])
    assert set(document["baselines"]) == {"mean_rank", "always"}
    assert sum(row["p_best"] for row in document["ranking"]) == pytest.approx(1)
    assert "natural" in page.read_text()


def test_study_status_report_and_a_job_by_hand(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    picture_folder(("healthy", "ill"), per_class=10, name="xrays")
    file = tmp_path / "mini.yaml"
    fields = {
        "sources": ["none"],
        "targets": ["xrays"],
        "backbone": "test_resnet",
        "recipe": QUICK,
        "folds": 2,
    }
    file.write_text(yaml.safe_dump(fields))
    waiting = whence("study", "status", file, "--json", "--device", "cpu")
    assert waiting.returncode == 0, waiting.stderr
    assert json.loads(waiting.stdout)["jobs"] == {"done": 0, "failed": 0, "waiting": 2}
    assert not (tmp_path / "mini").exists()
    early = whence("study", "report", file)
    assert early.returncode == 1
    assert "run it first" in early.stderr

    done = whence("study", "run", file, "--json", "--device", "cpu", "--workers", "2")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["study"] == "mini"
    assert document["jobs"] == {"done": 2, "failed": 0, "waiting": 0}
    assert [o["fold"] for o in document["outcomes"]] == [0, 1]
    assert "2/2" in done.stderr

    (tmp_path / "mini" / "ledger.db").unlink()  # the tables beside it tell the same
    report = whence("study", "report", file, "--export", tmp_path / "export", "--device", "cpu")
    assert report.returncode == 0, report.stderr
    assert Path(report.stdout.strip()).read_text().startswith("<!DOCTYPE html>")
    kinds = {p.suffix for p in (tmp_path / "export").iterdir()}
    assert kinds == {".svg", ".pdf", ".png", ".csv", ".tex", ".md"}
    assert not (tmp_path / "mini" / "ledger.db").exists()  # a report writes nothing but what it is asked for

    folder = next((Path(os.environ["WHENCE_HOME"]) / "jobs" / "finetune").iterdir())
    (folder / "done").unlink()
    (folder / "failed").write_text("made to fail\n")
    by_hand = whence("run-job", folder, "--json")
    assert by_hand.returncode == 0, by_hand.stderr
    assert json.loads(by_hand.stdout)["state"] == "done"
    assert (folder / "done").exists()


def test_a_job_that_fails_is_told_with_exit_code_1(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    """One source's weights hold NaN: its folds fail with the reason, the other source's are measured."""
    import torch

    from whence.nets.backbone import build
    from whence.nets.weights import save_weights

    picture_folder(("healthy", "ill"), per_class=10, name="xrays")
    network = build("test_resnet", 2, 0.0, 0)
    with torch.no_grad():
        next(network.parameters()).fill_(float("nan"))
    save_weights(tmp_path / "broken.safetensors", network, {"arch": "test_resnet"})
    fields = {"sources": ["file:broken.safetensors", "none"], "targets": ["xrays"], "backbone": "test_resnet"}
    (tmp_path / "mini.yaml").write_text(yaml.safe_dump(fields | {"recipe": QUICK, "folds": 2}))
    done = whence("study", "run", "mini.yaml", "--json", "--device", "cpu", cwd=tmp_path)
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert document["jobs"] == {"done": 2, "failed": 2, "waiting": 0}
    assert "loss became nan in epoch 1, step 1" in document["failures"][0]["reason"]
    assert {o["source"] for o in document["outcomes"]} == {"none"}
    assert "2 of 4 jobs failed" in done.stderr
    assert "The same command tries the rest again; just these: --only" in done.stderr
    page = whence("study", "report", "mini.yaml", "--device", "cpu", cwd=tmp_path)
    assert page.returncode == 0, page.stderr
    assert "loss became nan" in Path(tmp_path / page.stdout.strip()).read_text()


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_the_same_command_goes_on(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    picture_folder(("healthy", "ill"), per_class=20, name="xrays")
    file = tmp_path / "mini.yaml"
    fields = {
        "sources": ["none"],
        "targets": ["xrays"],
        "backbone": "test_resnet",
        "recipe": QUICK | {"epochs": 30},
    }
    file.write_text(yaml.safe_dump(fields))
    command = [*WHENCE, "study", "run", str(file), "--device", "cpu", "--workers", "1"]
    driver = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        # A shell without job control starts what runs in its background deaf to Ctrl-C, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert driver.stderr is not None
    while not driver.stderr.readline().startswith("1/5"):
        pass
    driver.send_signal(signal.SIGINT)
    said = driver.stderr.read()
    assert driver.wait(30) == 130
    assert "interrupted; what was finished is kept" in said
    assert "Traceback" not in said
    time.sleep(0.5)
    done = whence("study", "run", file, "--json", "--device", "cpu")
    assert done.returncode == 0
    assert json.loads(done.stdout)["jobs"]["done"] == 5
    assert "1 of 5 jobs are done" in done.stderr or "2 of 5 jobs are done" in done.stderr


def test_doctor_says_what_is_installed() -> None:
    done = whence("doctor", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["versions"]["torch"]
    assert document["home"] == os.environ["WHENCE_HOME"]


# ---- bad input: exit code 2, one line that names it, nothing written ----


def test_missing_path(tmp_path: Path) -> None:
    assert "nowhere" in refused("datasets", "show", "nowhere", cwd=tmp_path)


def test_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "empty" in refused("datasets", "show", "empty", cwd=tmp_path)


def test_one_class_only(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    picture_folder(("healthy",), name="one")
    line = refused("finetune", "none", "one", "--backbone", "test_resnet", cwd=tmp_path)
    assert "healthy" in line


def test_truncated_image_is_named_and_can_be_skipped(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    folder = picture_folder(per_class=6)
    broken = folder / "ill" / "003.png"
    broken.write_bytes(broken.read_bytes()[:150])
    line = refused("datasets", "show", folder, cwd=tmp_path)
    assert "003.png" in line
    assert "--skip-unreadable" in line
    done = whence("datasets", "show", folder, "--skip-unreadable", "--json")
    document = json.loads(done.stdout)
    assert document["images"] == 11
    assert any(f["what"].startswith("1 images cannot be decoded") for f in document["findings"])


def csv_dataset(folder: Path, text: str) -> Path:
    folder.mkdir()
    for i in range(4):
        pixels = np.random.default_rng(i).integers(0, 255, (8, 8, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    (folder / "labels.csv").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image,label\n0.png,a\n1.png,b\n9.png,b\n", "9.png"),
        ("picture of,words\n0.png,a\n1.png,b\n", "labels.csv"),
        ("image,label\n0.png,a\n../../secret.png,b\n", "secret.png"),
        ("image,label\n0.png,a\n1.png,\n", "row 3: column 'label' is blank"),
    ],
)
def test_a_csv_that_does_not_fit_its_images(tmp_path: Path, text: str, said: str) -> None:
    csv_dataset(tmp_path / "table", text)
    assert said in refused("datasets", "show", "table", cwd=tmp_path)


def test_a_path_that_leaves_the_folder_is_not_read(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "secret.png")
    csv_dataset(tmp_path / "table", "image,label\n0.png,a\n../secret.png,b\n")
    assert "secret.png" in refused("datasets", "show", "table", cwd=tmp_path)


def test_unknown_backbone(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    folder = picture_folder()
    line = refused("finetune", "none", folder, "--backbone", "resnet51", cwd=tmp_path)
    assert "resnet51" in line
    assert "resnet50" in line


def test_a_checkpoint_that_is_a_pickle(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    import pickle

    (tmp_path / "model.pth").write_bytes(pickle.dumps({"weights": [1, 2, 3]}))
    line = refused("finetune", "file:model.pth", picture_folder(), "--backbone", "test_resnet", cwd=tmp_path)
    assert "model.pth is refused: it is a pickle" in line


def test_an_image_of_200_million_pixels(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    folder = picture_folder()
    Image.new("1", (20_000, 10_000)).save(folder / "ill" / "huge.png")
    line = refused("datasets", "show", folder, cwd=tmp_path)
    assert "huge.png" in line
    assert "pixels" in line


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"sorces": ["none"]}, "unknown field 'sorces'"),
        ({"folds": [1]}, "folds"),
        ({"sources": ["none", "nowhere"]}, "nowhere"),
    ],
)
def test_a_wrong_study_file(
    picture_folder: Callable[..., Path], tmp_path: Path, fields: dict[str, Any], said: str
) -> None:
    picture_folder(name="xrays")
    right = {"sources": ["none"], "targets": ["xrays"], "backbone": "test_resnet", "recipe": QUICK}
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(right | fields))
    assert said in refused("study", "run", "s.yaml", cwd=tmp_path)


def test_no_study_file_and_no_yaml(tmp_path: Path) -> None:
    assert "s.yaml does not exist" in refused("study", "run", "s.yaml", cwd=tmp_path)
    (tmp_path / "s.yaml").write_text("sources: [a, b[n=3], ]]")
    assert "not valid YAML" in refused("study", "run", "s.yaml", cwd=tmp_path)
