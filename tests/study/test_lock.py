"""One driver per study: who holds it is told, and a lock whose holder is gone is taken over."""

import json
import multiprocessing
import os
import platform
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from whence.errors import WhenceError
from whence.paths import building, replacing, sweep
from whence.processes import Process, gone
from whence.study import lock as locks
from whence.study.lock import NAME, only_driver, read_holder

HERE = Process.this()


def held_by(folder: Path, holder: Process, silent_for: float = 0.0) -> None:
    (folder / NAME).write_text(json.dumps(asdict(holder)))
    then = time.time() - silent_for
    os.utime(folder / NAME, (then, then))


def ended_process() -> Process:
    """A process that was one of this machine's."""
    context = multiprocessing.get_context("fork")
    child = context.Process(target=time.sleep, args=(0,))
    child.start()
    assert child.pid is not None
    child.join()
    return replace(HERE, pid=child.pid)


@pytest.mark.parametrize(
    ("holder", "silent_for", "stale"),
    [
        (HERE, 0.0, False),
        (HERE, 9999.0, False),  # alive, but suspended: what it runs may go on
        (replace(HERE, begun=HERE.begun - 1), 0.0, True),  # its number was given out again
        (replace(HERE, boot="another"), 0.0, True),  # the machine was started anew
        (replace(HERE, host="elsewhere"), 5.0, False),
        (replace(HERE, host="elsewhere"), locks.SILENCE + 30, True),
    ],
)
def test_a_lock_is_taken_over_when_its_holder_is_gone(
    tmp_path: Path, holder: Process, silent_for: float, stale: bool
) -> None:
    held_by(tmp_path, holder, silent_for)
    if stale:
        with only_driver(tmp_path):
            assert read_holder(tmp_path / NAME) == HERE
        assert list(tmp_path.iterdir()) == []
        return
    told = rf"host {holder.host}, process {holder.pid}, boot {holder.boot[:8]}; last heartbeat \d+ s ago"
    with pytest.raises(WhenceError, match=told), only_driver(tmp_path):
        pass
    assert read_holder(tmp_path / NAME) == holder


def test_the_lock_of_a_process_that_has_ended_is_stale(tmp_path: Path) -> None:
    held_by(tmp_path, ended_process())
    with only_driver(tmp_path):
        pass


def test_a_lock_that_cannot_be_read_is_stale_once_it_is_silent(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("{")
    with pytest.raises(WhenceError, match="its lock cannot be read"), only_driver(tmp_path):
        pass
    os.utime(tmp_path / NAME, (1, 1))
    with only_driver(tmp_path):
        pass


def test_the_holder_beats_and_notices_when_it_was_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "BEAT", 0.02)
    with only_driver(tmp_path) as lock:
        os.utime(tmp_path / NAME, (1, 1))
        until = time.monotonic() + 30
        while (tmp_path / NAME).stat().st_mtime < 2:
            assert time.monotonic() < until
            time.sleep(0.01)
        lock.check()
        other = replace(HERE, host="elsewhere", pid=4711)
        held_by(tmp_path, other)
        with pytest.raises(WhenceError, match="was taken over by host elsewhere, process 4711"):
            lock.check()
    assert read_holder(tmp_path / NAME) == other  # which is left its lock


def test_a_process_is_named_for_good() -> None:
    assert gone(HERE.tag) is False
    assert gone(ended_process().tag) is True
    assert gone(replace(HERE, boot="another").tag) is True
    assert gone(replace(HERE, host="elsewhere").tag) is None
    assert gone("4711") is None
    assert HERE.host == platform.node()


def test_what_killed_processes_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    dead, far = ended_process(), replace(HERE, host="elsewhere")
    for process in (dead, far):
        (tmp_path / f".table.csv.{process.tag}.abc.tmp").write_text("half")
        (tmp_path / f".key.{process.tag}.abc.tmp").mkdir()
    (tmp_path / "mine.tmp").write_text("a user's own")
    with building(tmp_path / "job"), replacing(tmp_path / "file"):
        assert sweep([tmp_path]) == 2
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"mine.tmp", "job", "file", f".table.csv.{far.tag}.abc.tmp", f".key.{far.tag}.abc.tmp"}
    for path in tmp_path.glob(".*.tmp"):
        os.utime(path, (1, 1))
    assert sweep([tmp_path]) == 2
