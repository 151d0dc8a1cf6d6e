"""What a terminal shows while a study runs: a bar for the jobs, one for the epochs of each, lines above them."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import yaml

from whence.cli.bars import Bars

ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


def test_a_terminal_shows_jobs_epochs_and_lines(tmp_path: Path, picture_folder: Callable[..., Path]) -> None:
    """Typed in a real pseudo-terminal."""
    picture_folder(("healthy", "ill"), per_class=10, name="xrays")
    fields = {
        "name": "mini",
        "sources": ["none"],
        "targets": ["xrays"],
        "backbone": "test_resnet",
        "recipe": {"base": "small", "size": 16, "epochs": 60, "batch": 4},
        "folds": 2,
    }
    (tmp_path / "mini.yaml").write_text(yaml.safe_dump(fields))
    ours, theirs = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "whence",
        "study",
        "run",
        "mini.yaml",
        "--device",
        "cpu",
        "--workers",
        "1",
    ]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "160"}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=theirs
    ) as running:
        os.close(theirs)
        shown = ESCAPES.sub(b"", everything(ours)).decode()
    assert running.returncode == 0, shown
    assert re.search(r"jobs ━+ +0/2 jobs", shown)
    assert re.search(
        r"none → xrays, fold 1 .* [1-9]\d?/60 epochs, loss \d\.\d{3}, validation AUC \d\.\d{3}", shown
    )
    assert re.search(r"1/2 none → xrays, fold [12] \(test_resnet, small\*, seed 1\): AUC \d\.\d{3}", shown)


def everything(terminal: int) -> bytes:
    """What is written to the terminal until the last writer closes it."""
    written = b""
    try:
        while piece := os.read(terminal, 65536):
            written += piece
    except OSError:  # how Linux tells that the other side is closed
        pass
    os.close(terminal)
    return written


def test_a_job_that_is_tried_again_keeps_its_bar_and_a_failed_one_counts() -> None:
    from types import SimpleNamespace

    from rich.progress import Progress

    job = SimpleNamespace(key="k1", kind="finetune", inputs={"recipe": {"epochs": 3}})
    entry = SimpleNamespace(
        job=job, source="none", target="xrays", fold=0, backbone="net", recipe="small", seed=1
    )
    progress = Progress(disable=True)
    bars = Bars(progress)
    bars.begin([entry, entry], [entry])  # type: ignore[list-item]
    bars.started(entry)  # type: ignore[arg-type]
    bars.started(entry)  # type: ignore[arg-type]
    assert [task.total for task in progress.tasks] == [3, 3]
    bars.ended(entry, None, "out of memory")  # type: ignore[arg-type]
    assert [(task.description, task.completed) for task in progress.tasks] == [("jobs", 2)]
