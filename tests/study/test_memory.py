"""Memory that runs out: the job fails, a job with fewer images at a time takes its place, and the outcome says so."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from whence.api import Study
from whence.paths import home
from whence.study.driver import run
from whence.study.engines.inline import Inline
from whence.study.memory import settled, smaller
from whence.training import batching, loop


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, type[Exception]], None]:
    """Let a network raise the real error of a full device as soon as it sees more than so many training images."""

    def limit(images: int, error: type[Exception]) -> None:
        real = batching.pieces

        def cut(count: int, size: int) -> list[slice]:
            if size > images:
                raise error("CUDA out of memory. Tried to allocate 20.00 GiB")
            return real(count, size)

        monkeypatch.setattr(loop, "pieces", cut)

    return limit


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError])
def test_a_study_goes_on_with_fewer_images_at_a_time(
    study_file: Callable[..., Path], little_room: Any, error: type[Exception], tmp_path: Path
) -> None:
    little_room(4, error)
    told: list[str] = []
    study = Study.from_file(study_file(targets=["xrays"]))
    plan = study.plan(device="cpu")
    status = run(plan, study.folder, Inline(), told.append)
    assert (status.done, status.failed, status.waiting) == (5, 0, 0)
    assert any("with fewer images at a time: memory ran out" in line for line in told)
    outcomes = study.outcomes(device="cpu")
    assert len(outcomes) == 4
    for outcome in outcomes:
        assert "batches of 8 in pieces of 4; out of memory with 8 at a time" in outcome.note
    assert not {outcome.job for outcome in outcomes} & plan.keys
    # The next run, and one that has only the exported tables, take the smaller jobs for what was asked.
    assert study.status(device="cpu").done == 5
    shutil.rmtree(home() / "jobs")
    (study.folder / "ledger.db").unlink()
    again = Study.from_file(study_file(targets=["xrays"]))
    told.clear()
    assert run(again.plan(device="cpu"), again.folder, Inline(), told.append).done == 5
    assert not any("to do" in line for line in told)


def test_where_not_even_two_images_fit_the_job_has_failed(
    study_file: Callable[..., Path], little_room: Any
) -> None:
    little_room(1, torch.OutOfMemoryError)
    study = Study.from_file(study_file(sources=["none"], targets=["xrays"]))
    status = study.run(engine="inline", device="cpu")
    assert (status.done, status.failed) == (0, 2)
    assert (
        "out of memory with 2 images of 16 pixels at a time; set the recipe's" in status.failures[0]["reason"]
    )


def test_a_smaller_job_has_half_the_images_and_another_key(study_file: Callable[..., Path]) -> None:
    entries = Study.from_file(study_file()).plan(device="cpu").entries
    assert [e.job.key for e in settled(entries)] == [e.job.key for e in entries]
    job, sizes = entries[0].job, []
    while (following := smaller(job)) is not None:
        assert following.key != job.key
        job = following
        sizes.append(job.inputs["recipe"]["micro_batch"])
    assert sizes == [4, 2]


STARVED = """
import resource, sys
import torch
from whence.training import fitting
from whence.training.recipe import make_recipe
from whence.errors import OutOfMemory
recipe = make_recipe("small", "finetune")
torch.randn(8, 8) @ torch.randn(8, 8)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**28, used + 2**28))
try:
    with fitting.telling_of_memory(recipe):
        torch.empty(2**31, dtype=torch.uint8).fill_(1)
except OutOfMemory as error:
    sys.exit(str(error))
"""


def test_a_process_with_little_memory_is_told_in_our_words() -> None:
    """A real limit of the operating system, and what torch really raises then."""
    import subprocess
    import sys

    ended = subprocess.run([sys.executable, "-c", STARVED], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "out of memory with 32 images of 64 pixels at a time" in ended.stderr
