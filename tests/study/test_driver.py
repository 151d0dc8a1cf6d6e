"""The driver: what is done is not done again, whatever was lost or killed in between."""

import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from whence.api import Study
from whence.errors import InputError, WhenceError
from whence.paths import home
from whence.records import as_row
from whence.study import work
from whence.study.lock import only_driver
from whence.study.tables import FILES

TIMES = {"seconds", "host", "energy_kwh", "co2_g", "engine"}


def results(study: Study) -> list[dict[str, Any]]:
    """The ledger without what may differ between two runs."""
    return [{k: v for k, v in as_row(o).items() if k not in TIMES} for o in study.outcomes()]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kinds of jobs that are really run by the inline engine."""
    made: list[str] = []
    train = work._train

    def counted(job: Any, *rest: Any, **named: Any) -> Any:
        made.append(job.kind)
        return train(job, *rest, **named)

    monkeypatch.setattr(work, "_train", counted)
    return made


def test_a_study_measures_every_pair_on_every_fold(study_file: Callable[..., Path], calls: list[str]) -> None:
    study = Study.from_file(study_file())
    status = study.run(engine="inline", device="cpu")
    assert (status.done, status.failed, status.waiting) == (9, 0, 0)
    assert sorted(calls) == ["finetune"] * 8 + ["pretrain"]
    pairs = [(o.source, o.target, o.fold) for o in study.outcomes()]
    assert sorted(pairs) == [
        (s, t, f) for s in ("natural", "none") for t in ("cells", "xrays") for f in (0, 1)
    ]
    assert all(0 <= o.auc <= 1 for o in study.outcomes())
    for file in FILES.values():
        assert (study.folder / file).exists()


def test_the_same_folds_serve_every_source(study_file: Callable[..., Path]) -> None:
    import csv
    import gzip

    study = Study.from_file(study_file())
    study.run(engine="inline", device="cpu")
    jobs = {o.job: o for o in study.outcomes()}
    with gzip.open(study.folder / FILES["predictions"], "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    tested: dict[tuple[str, int, str], set[str]] = {}
    for row in rows:
        if not (outcome := jobs.get(row["job"])):
            continue  # a pretraining's own test images
        tested.setdefault((outcome.target, outcome.fold, outcome.source), set()).add(row["image"])
    for target in ("cells", "xrays"):
        for fold in (0, 1):
            assert tested[target, fold, "natural"] == tested[target, fold, "none"]
        assert not tested[target, 0, "none"] & tested[target, 1, "none"]


def test_what_is_done_is_not_done_again(study_file: Callable[..., Path], calls: list[str]) -> None:
    path = study_file()
    Study.from_file(path).run(engine="inline", device="cpu")
    calls.clear()
    assert Study.from_file(path).run(engine="inline", device="cpu").done == 9
    assert calls == []


def test_a_source_more_is_all_that_is_run(study_file: Callable[..., Path], calls: list[str]) -> None:
    Study.from_file(study_file(sources=["none"])).run(engine="inline", device="cpu")
    calls.clear()
    Study.from_file(study_file(sources=["none", "natural"])).run(engine="inline", device="cpu")
    assert sorted(calls) == ["finetune"] * 4 + ["pretrain"]


def test_lost_caches_and_ledger_are_made_good_by_the_tables(
    study_file: Callable[..., Path], calls: list[str]
) -> None:
    path = study_file()
    study = Study.from_file(path)
    study.run(engine="inline", device="cpu")
    before = results(study)
    tables = {file: (study.folder / file).read_bytes() for file in FILES.values()}
    shutil.rmtree(home() / "jobs")
    (study.folder / "ledger.db").unlink()
    calls.clear()
    again = Study.from_file(path)
    assert again.status(device="cpu").done == 9
    again.run(engine="inline", device="cpu")
    assert calls == []
    assert results(again) == before
    assert {file: (study.folder / file).read_bytes() for file in FILES.values()} == tables


def test_a_pretraining_is_repeated_only_for_a_missing_outcome(
    study_file: Callable[..., Path], calls: list[str]
) -> None:
    Study.from_file(study_file(targets=["xrays"])).run(engine="inline", device="cpu")
    shutil.rmtree(home() / "jobs")
    calls.clear()
    Study.from_file(study_file(targets=["xrays"])).run(engine="inline", device="cpu")
    assert calls == []
    Study.from_file(study_file(targets=["xrays", "cells"])).run(engine="inline", device="cpu")
    assert sorted(calls) == ["finetune"] * 4 + ["pretrain"]


def test_a_failed_job_is_told_and_tried_again(
    study_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, train = study_file(), work._train

    def broken(job: Any, *rest: Any, **named: Any) -> Any:
        if job.inputs.get("fold") == 1:
            raise MemoryError("no room")
        return train(job, *rest, **named)

    monkeypatch.setattr(work, "_train", broken)
    status = Study.from_file(path).run(engine="inline", device="cpu")
    assert (status.done, status.failed) == (5, 4)
    assert status.failures[0]["reason"] == "MemoryError: no room"
    assert "fold 2" in status.failures[0]["job"]
    monkeypatch.undo()
    monkeypatch.setenv("WHENCE_HOME", str(path.parent / "whence-home"))
    assert Study.from_file(path).run(engine="inline", device="cpu").done == 9


def test_what_needs_a_failed_pretraining_waits(
    study_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(job: Any, folder: Path) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(work, "pretrain", broken)
    status = Study.from_file(study_file()).run(engine="inline", device="cpu")
    assert (status.done, status.failed, status.waiting) == (4, 1, 4)


def test_a_source_is_not_transferred_to_itself(study_file: Callable[..., Path]) -> None:
    plan = Study.from_file(study_file(sources=["xrays", "none"])).plan(device="cpu")
    assert {(e.source, e.target) for e in plan.finetunings} == {
        ("xrays", "cells"),
        ("none", "xrays"),
        ("none", "cells"),
    }
    plan = Study.from_file(study_file(exclude=[["natural", "cells"]])).plan(device="cpu")
    assert ("natural", "cells") not in {(e.source, e.target) for e in plan.finetunings}


def test_lists_are_axes(study_file: Callable[..., Path]) -> None:
    small = {"base": "small", "size": 16, "epochs": 1}
    fields = {
        "seed": [1, 2],
        "recipe": [small, small | {"learning_rate": 1e-3, "name": "fast"}],
        "sources": ["none"],
    }
    plan = Study.from_file(study_file(**fields)).plan(device="cpu")
    assert len({e.job.key for e in plan.finetunings}) == 2 * 2 * 2 * 2


def test_a_second_driver_is_told_who_holds_the_study(study_file: Callable[..., Path]) -> None:
    study = Study.from_file(study_file(sources=["none"]))
    holder = rf"host {platform.node()}, process {os.getpid()}, boot \w+; last heartbeat \d s ago"
    with only_driver(study.folder), pytest.raises(WhenceError, match=holder):
        study.run(engine="inline", device="cpu")
    assert study.run(engine="inline", device="cpu").done == 4


def test_two_recipes_are_both_in_the_settings_of_the_page(study_file: Callable[..., Path]) -> None:
    from whence.report.of_study import gather

    small = {"base": "small", "size": 16, "epochs": 1}
    recipes = [small | {"name": "short"}, small | {"epochs": 2, "name": "long"}]
    study = Study.from_file(study_file(recipe=recipes, sources=["none"], targets=["xrays"]))
    study.run(engine="inline", device="cpu")
    settings = gather(study.plan(device="cpu"), study.folder).settings
    assert settings["epochs (xrays, short)"] == 1
    assert settings["epochs (xrays, long)"] == 2
    assert settings["size"] == 16


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"recipe": ["small", {"base": "small", "name": "small", "epochs": 1}]},
            r"two recipes .* called 'small'",
        ),
        ({"soruces": []}, r"mini\.yaml: unknown field 'soruces'; near it: sources"),
        ({"folds": "five"}, r"field 'folds.*found 'five'"),
        ({"sources": []}, r"field 'sources'"),
        ({"sources": ["none", "none"]}, r"'none' is listed twice"),
        ({"sources": ["nowhere", "none"]}, r"nowhere"),
        ({"targets": ["xrays", "void"]}, r"void"),
        ({"sources": ["file:nothing.safetensors"]}, r"nothing\.safetensors does not exist"),
        ({"backbone": "resnet51"}, r"unknown backbone 'resnet51'"),
        ({"recipe": "big"}, r"unknown recipe 'big'"),
        ({"recipe": {"base": "small", "epochs": 0}}, r"recipe field 'epochs': found 0"),
        ({"folds": 20}, r"healthy|ill|\ba\b|\bb\b"),
    ],
)
def test_a_wrong_study_is_told_before_anything_is_trained(
    study_file: Callable[..., Path], fields: dict[str, Any], message: str
) -> None:
    path = study_file(**fields)
    with pytest.raises(InputError, match=message):
        Study.from_file(path).run(engine="inline", device="cpu")
    assert not (home() / "jobs").exists()
    assert not (path.parent / "mini").exists()


@pytest.mark.slow
def test_killed_in_the_middle_and_started_again_it_ends_as_if_nothing_had_been(
    study_file: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Driver and workers get SIGKILL at two moments; the ledger equals that of another engine's undisturbed run."""
    path = study_file(recipe={"base": "small", "size": 16, "epochs": 3, "batch": 8})
    command = [sys.executable, "-m", "whence", "study", "run", str(path), "--device", "cpu", "--workers", "2"]
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("WHENCE_HOME", str(tmp_path / "undisturbed"))
        Study.from_file(path).run(engine="inline", device="cpu")
        undisturbed = results(Study.from_file(path))
    shutil.rmtree(path.parent / "mini")

    for jobs_before_the_kill in (1, 5):
        driver = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        assert driver.stderr is not None
        wait_for_jobs(jobs_before_the_kill)
        os.kill(driver.pid, signal.SIGKILL)
        driver.wait()
        driver.stderr.close()
        wait_until_alone(driver.pid)
    subprocess.run(command, check=True, capture_output=True)
    assert results(Study.from_file(path)) == undisturbed
    assert len(undisturbed) == 8
    assert not list((home() / "jobs").glob("*/.*.tmp"))


def wait_for_jobs(count: int) -> None:
    deadline = time.monotonic() + 400
    while len(list((home() / "jobs").glob("*/*/done"))) < count:
        assert time.monotonic() < deadline, "the study makes no progress"
        time.sleep(0.05)


def wait_until_alone(driver: int) -> None:
    """Workers end with their driver: within seconds no process of this study is left."""
    deadline = time.monotonic() + 60
    while workers := processes_of(str(home())):
        assert time.monotonic() < deadline, f"orphans of driver {driver}: {workers}"
        time.sleep(0.1)


def processes_of(home_folder: str) -> list[int]:
    """Processes of this machine whose environment names this `$WHENCE_HOME`, but for this one."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        if int(folder.name) != os.getpid():
            try:
                if f"WHENCE_HOME={home_folder}\0".encode() in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                continue
    return found


def test_a_script_without_a_main_guard_is_not_run_again_by_every_job(
    study_file: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"open({str(tmp_path / 'ran again')!r}, 'w').close()\n")
    main = ModuleType("__main__")
    main.__file__ = str(script)
    monkeypatch.setitem(sys.modules, "__main__", main)
    study = Study.from_file(study_file(sources=["none"], targets=["cells"]))
    status = study.run(engine="local", workers=1, device="cpu")
    assert status.done == 2
    assert not (tmp_path / "ran again").exists()
    assert sys.modules["__main__"] is main
