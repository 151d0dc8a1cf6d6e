"""Faults that really happen: killed jobs, a full disk, signals, a deadline. The rest goes on, and nothing is lost."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.study.test_driver import processes_of, results, wait_until_alone
from whence.api import Study, raise_failures
from whence.errors import InputError, WorkFailed
from whence.paths import home
from whence.records import CurvePoint
from whence.study import job as jobs
from whence.study.engines.local import Local
from whence.study.job import Job
from whence.study.journal import Reader, note_epoch
from whence.study.resume import state_file, state_folder
from whence.study.scheduler import Listener, run_jobs
from whence.study.throughput import Throughput

ONE = {"sources": ["none"], "targets": ["cells"]}
LONG = {"base": "small", "size": 16, "epochs": 400, "batch": 8}


def kill_at_work(count: int, killed: list[int]) -> None:
    """SIGKILL for the processes that are at work on jobs, one after the other, `count` times."""
    until = time.monotonic() + 300
    while len(killed) < count and time.monotonic() < until:
        for scratch in (home() / "jobs").glob("*/.*.tmp"):
            pid = int(scratch.name.rsplit(".", 3)[1].split("-")[0])
            if pid not in killed and len(killed) < count:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.parametrize(("kills", "done", "failed"), [(2, 2, 0), (3, 1, 1)])
def test_a_killed_job_is_tried_again_and_given_up_after_three_times(
    study_file: Callable[..., Path], kills: int, done: int, failed: int
) -> None:
    killed, told = list[int](), list[str]()
    study = Study.from_file(study_file(**ONE))
    killer = threading.Thread(target=kill_at_work, args=(kills, killed))
    killer.start()
    status = study.run(workers=1, device="cpu", say=told.append)
    killer.join()
    assert (status.done, status.failed) == (done, failed)
    assert sum(line.startswith("again: none → cells") for line in told) == 2
    assert not list(home().rglob(".*.tmp"))
    if failed:
        (failure,) = status.failures
        assert failure["reason"] == "its process was killed by signal 9 (out of memory?); run again"
        with pytest.raises(
            WorkFailed, match=rf"1 of 2 jobs failed: .*just these: --only {failure['key'][:8]}"
        ):
            raise_failures(status)
        again = study.run(engine="inline", device="cpu", only=[failure["key"][:8]])
        assert (again.done, again.failed) == (2, 0)


@pytest.mark.slow
def test_a_full_disk_fails_the_job_with_its_reason_and_the_rest_goes_on(
    study_file: Callable[..., Path],
) -> None:
    """The operating system lets no file grow above 100 kB: results fit, the checkpoint does not."""
    path = study_file(targets=["cells"])
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "from whence.cli import main; main()"
    )
    command = [sys.executable, "-c", code, "study", "run", str(path), "--device", "cpu", "--workers", "1"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1, ended.stderr
    assert re.search(
        r"1 of 5 jobs failed: pretrain on natural .*: .*; .*whence-home has [\d,]+ MB left: free some",
        ended.stderr,
    )
    status = Study.from_file(path).status(device="cpu")
    assert (status.done, status.failed, status.waiting) == (2, 1, 2)
    assert Study.from_file(path).run(engine="inline", device="cpu").done == 5


@pytest.mark.slow
@pytest.mark.parametrize(("number", "twice"), [(signal.SIGTERM, False), (signal.SIGINT, True)])
def test_sigterm_keeps_the_states_and_ctrl_c_twice_ends_at_once(
    study_file: Callable[..., Path], number: signal.Signals, twice: bool
) -> None:
    path = study_file(**ONE, recipe=LONG)
    command = [sys.executable, "-m", "whence", "study", "run", str(path), "--device", "cpu", "--workers", "2"]
    driver = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    journals = wait_for_epochs(2, driver)
    began = time.monotonic()
    driver.send_signal(number)
    if twice:
        time.sleep(0.05)
        driver.send_signal(number)
    _, said = driver.communicate(timeout=60)
    assert driver.returncode == 130, said
    assert time.monotonic() - began < 30
    assert "interrupted; what was finished is kept, type the same command to go on" in said
    assert "Traceback" not in said
    wait_until_alone(driver.pid)
    assert not list(home().rglob(".*.tmp"))
    assert not (path.parent / "mini" / ".driver.lock").exists()
    kept = [journal.parent / "state.pt" for journal in journals]
    assert twice or all(state.exists() for state in kept)


def wait_for_epochs(count: int, driver: subprocess.Popen[str] | None = None) -> list[Path]:
    """The journals of so many running jobs, once each has an epoch behind it."""
    until = time.monotonic() + 400
    while len(found := list((home() / "jobs").glob("*/.*.state/epochs.jsonl"))) < count:
        assert time.monotonic() < until, "the study makes no progress"
        assert driver is None or driver.poll() is None, driver.communicate()
        time.sleep(0.02)
    return found


@pytest.mark.slow
def test_a_stopped_training_goes_on_to_the_same_bits(study_file: Callable[..., Path], tmp_path: Path) -> None:
    """SIGTERM reaches a worker in the middle of a training; another try goes on from the state it kept then."""
    path = study_file(**ONE, recipe=LONG | {"epochs": 30})
    study = Study.from_file(path)
    stopped: list[int] = []

    def stop() -> None:
        for journal in wait_for_epochs(1):
            (scratch,) = (home() / "jobs" / "finetune").glob(f"{journal.parent.name[:33]}.*.tmp")
            stopped.append(int(scratch.name.rsplit(".", 3)[1].split("-")[0]))
            os.kill(stopped[-1], signal.SIGTERM)

    stopper = threading.Thread(target=stop)
    stopper.start()
    told: list[str] = []
    assert study.run(workers=1, device="cpu", say=told.append).done == 2
    stopper.join()
    assert any("asked to stop by SIGTERM" in line for line in told)
    logs = [
        (home() / "jobs" / "finetune" / o.job / "log.txt").read_text() for o in study.outcomes(device="cpu")
    ]
    assert sum("going on in epoch" in log for log in logs) == 1
    interrupted = results(study)
    shutil.rmtree(home())
    shutil.rmtree(study.folder)
    study.run(engine="inline", device="cpu")
    assert results(study) == interrupted


@pytest.mark.slow
def test_a_run_ends_in_time_with_its_states_kept_and_says_what_is_left(
    study_file: Callable[..., Path],
) -> None:
    study = Study.from_file(study_file(**ONE, recipe=LONG))
    deadline = threading.Event()

    class Deadline(Listener):
        def epoch(self, job: Job, point: CurvePoint) -> None:
            deadline.set()

    entries = study.plan(device="cpu").entries
    began = time.monotonic()
    run_jobs([e.job for e in entries], Local(1), Deadline(), Throughput(), until=began + 25)
    assert time.monotonic() - began < 60
    assert [e.job.state for e in entries] == ["waiting", "waiting"]
    if deadline.is_set():
        assert (state_folder(entries[0].job.folder) / "state.pt").exists()
    assert not processes_of(str(home())) or not list(home().rglob(".*.tmp"))


def test_no_time_left_begins_nothing_and_is_no_failure(study_file: Callable[..., Path]) -> None:
    study = Study.from_file(study_file(**ONE))
    status = study.run(engine="inline", device="cpu", max_hours=0)
    assert (status.done, status.failed, status.waiting) == (0, 0, 2)
    raise_failures(status)
    assert study.run(engine="inline", device="cpu", max_hours=1).done == 2


def test_only_runs_what_is_named_and_what_that_needs(study_file: Callable[..., Path]) -> None:
    study = Study.from_file(study_file())
    status = study.run(engine="inline", device="cpu", only=["NATURAL*xrays, fold 1"])
    assert (status.done, status.waiting) == (2, 7)
    assert [(o.source, o.target, o.fold) for o in study.outcomes(device="cpu")] == [("natural", "xrays", 0)]
    with pytest.raises(
        InputError, match=r"--only 'dogs' names no job of study 'mini'; a job is called such as 'none"
    ):
        study.run(engine="inline", device="cpu", only=["dogs"])


def test_a_dry_run_tells_what_is_known_and_what_is_not(study_file: Callable[..., Path]) -> None:
    study = Study.from_file(study_file())
    nothing = study.forecast(device="cpu")
    assert (nothing.jobs, nothing.unknown, nothing.hours) == (9, 9, 0.0)
    assert not home().joinpath("jobs").exists()
    assert not study.folder.exists()
    study.run(engine="inline", device="cpu", only=["none → cells"])
    took = [o.seconds for o in study.outcomes(device="cpu")]
    found = study.forecast(device="cpu", only=["none → xrays"])
    assert (found.jobs, found.unknown) == (2, 0)
    # 30 images instead of 24, two folds: between the two measured rates.
    low, high = (2 * seconds * 30 / 24 / 3600 for seconds in (min(took), max(took)))
    assert low * 0.999 <= found.hours <= high * 1.001
    assert found.bytes > 0
    assert [(share.what, share.jobs) for share in found.shares] == [("none → xrays", 2)]
    shutil.rmtree(home() / "jobs")  # as on another machine, which has the tables alone
    elsewhere = study.forecast(device="cpu", only=["none → xrays"])
    assert (elsewhere.hours, elsewhere.unknown, elsewhere.bytes) == (found.hours, 0, 0.0)


def test_two_studies_that_share_a_job_do_it_once(study_file: Callable[..., Path]) -> None:
    """While another process has a job in hand, this driver does others and waits for that one's result."""
    study = Study.from_file(study_file(**ONE))
    first, second = (e.job for e in study.plan(device="cpu").entries)
    ran: list[str] = []

    class Elsewhere(Listener):
        def started(self, job: Job) -> None:
            ran.append(job.key)

        def ended(self, job: Job, reason: str) -> None:
            if job.key == second.key:  # now the other one finishes
                jobs.run(first, lambda job, folder: None)
                held.__exit__(None, None, None)

    from whence.study.engines.inline import Inline

    held = state_file(first.folder)
    held.__enter__()
    run_jobs([first, second], Inline(), Elsewhere(), Throughput())
    assert ran == [second.key]
    assert first.state == "done"


def test_a_journal_gives_each_epoch_once(tmp_path: Path) -> None:
    job = Job("toy", 1, {"seed": 1})
    reader = Reader(job)
    assert reader.new() == []
    points = [CurvePoint(job.key, n, 1 / n, 0.5, float("nan")) for n in (1, 2, 3)]
    with state_file(job.folder):
        for point in (points[0], points[1]):
            note_epoch(state_folder(job.folder), point)
        assert [p.epoch for p in reader.new()] == [1, 2]
        for point in (points[1], points[2]):  # cut off, it does the second one again
            note_epoch(state_folder(job.folder), point)
        with (state_folder(job.folder) / "epochs.jsonl").open("a") as file:
            file.write('{"job": "half')
        assert [p.epoch for p in reader.new()] == [3]
        assert reader.new() == []


def test_the_study_file_chooses_engine_and_tracking(study_file: Callable[..., Path]) -> None:
    path = study_file(engine={"name": "local", "workers": 3}, tracking="mlflow")
    study = Study.from_file(path)
    assert study._engine(None, None, None, "cpu").slots == 3
    assert study._engine("local", {"workers": 4}, None, "cpu").slots == 4
    assert study._engine("inline", None, None, "cpu").slots == 1
    assert study.fields.tracking is not None
    plain = Study.from_file(study_file())
    assert plain.plan(device="cpu").keys == study.plan(device="cpu").keys
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"tracking": "wandb"}))
    with pytest.raises(InputError, match=r"field 'tracking\.name': found 'wandb'; Input should be 'mlflow'"):
        Study.from_file(path)
