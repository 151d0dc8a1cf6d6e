"""Job folders: named by content, whole or absent, failures written down."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from whence.errors import InputError
from whence.paths import home
from whence.study import job as jobs
from whence.study.job import Job

JOB = Job("toy", 1, {"seed": 3, "recipe": {"b": 1, "a": [1.5, "x"]}}, {"dataset": "/here"}, cost=7.0)


def write_answer(job: Job, folder: Path) -> None:
    (folder / "answer.txt").write_text("42")


def test_the_key_depends_on_what_decides_the_result_and_on_nothing_else() -> None:
    same = [
        replace(JOB, locate={"dataset": "/elsewhere"}),
        replace(JOB, cost=1.0),
        replace(JOB, inputs={"recipe": {"a": [1.5, "x"], "b": 1}, "seed": 3}),
    ]
    other = [
        replace(JOB, kind="else"),
        replace(JOB, version=2),
        replace(JOB, inputs={**JOB.inputs, "seed": 4}),
        replace(JOB, inputs={**JOB.inputs, "recipe": {"b": 1, "a": [1.5, "y"]}}),
    ]
    assert {job.key for job in same} == {JOB.key}
    assert len({JOB.key, *(job.key for job in other)}) == 5


def test_every_job_has_a_seed_of_its_own() -> None:
    seeds = {replace(JOB, inputs={"seed": 1, "fold": fold}).seed for fold in range(50)}
    assert len(seeds) == 50
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_job_is_done_once() -> None:
    calls = []

    def work(job: Job, folder: Path) -> None:
        calls.append(job.key)
        write_answer(job, folder)

    assert JOB.state == "waiting"
    assert jobs.run(JOB, work) == "done"
    assert jobs.run(JOB, work) == "done"
    assert len(calls) == 1
    assert (JOB.folder / "answer.txt").read_text() == "42"
    assert jobs.read_job(JOB.folder) == JOB


def test_a_failure_is_written_down_and_tried_again() -> None:
    def work(job: Job, folder: Path) -> None:
        (folder / "half.bin").write_bytes(b"x")
        raise RuntimeError("the disk\nis full")

    assert jobs.run(JOB, work) == "failed"
    assert JOB.reason == "RuntimeError: the disk is full"
    assert sorted(p.name for p in JOB.folder.iterdir()) == ["failed", "job.json"]
    assert jobs.run(JOB, write_answer) == "done"
    assert JOB.reason == ""


KILLED = """
import os, signal, sys
from pathlib import Path
from whence.study import job as jobs
from whence.study.job import Job
def work(job, folder):
    (folder / "half.bin").write_bytes(b"x")
    os.kill(os.getpid(), signal.SIGKILL)
jobs.run(Job("toy", 1, {"seed": 3}), work)
"""


def test_a_killed_job_leaves_nothing_that_counts_and_is_swept() -> None:
    assert subprocess.run([sys.executable, "-c", KILLED], check=False).returncode == -9
    job = Job("toy", 1, {"seed": 3})
    assert job.state == "waiting"
    assert len(list((home() / "jobs" / "toy").glob(".*.tmp"))) == 1
    assert jobs.sweep() == 1
    assert list((home() / "jobs" / "toy").iterdir()) == []


def test_two_processes_may_finish_the_same_job() -> None:
    def work(job: Job, folder: Path) -> None:
        if job.state == "waiting" and not (folder / "answer.txt").exists():
            write_answer(job, folder)
            if not reentered:
                reentered.append(True)
                assert jobs.run(job, write_answer) == "done"

    reentered: list[bool] = []
    assert jobs.run(JOB, work) == "done"
    assert [p.name for p in (home() / "jobs" / "toy").iterdir()] == [JOB.key]


def test_a_folder_that_is_no_job_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no job folder: it has no job\.json"):
        jobs.read_job(tmp_path)
    (tmp_path / "job.json").write_text('{"kind": "toy"}')
    with pytest.raises(InputError, match="does not describe a job"):
        jobs.read_job(tmp_path)
