"""Fetching from a real HTTP server on this machine that breaks off, changes its mind, and sends elsewhere."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.data.fakes.host import Host, serving
from whence.data.download import Remote, fetch, md5_of, reporting
from whence.errors import InputError, WorkFailed

pytestmark = pytest.mark.usefixtures("no_network")
CONTENT = np.random.default_rng(0).bytes(3_000_000)
MD5 = hashlib.md5(CONTENT).hexdigest()


@pytest.fixture
def host() -> Iterator[Host]:
    with serving(CONTENT) as server:
        yield server


def test_a_whole_file_comes_with_progress_and_is_not_fetched_twice(host: Host, tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    with reporting(lambda *progress: told.append(progress)):
        file = fetch(host.remote(MD5), tmp_path / "new")
    assert file.read_bytes() == CONTENT
    assert told[-1] == ("file.bin", len(CONTENT), len(CONTENT))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert fetch(host.remote(MD5), tmp_path / "new") == file
    assert len(host.asked) == 1
    assert [entry.name for entry in (tmp_path / "new").iterdir()] == ["file.bin"]


def test_a_broken_transfer_goes_on_within_one_call(host: Host, tmp_path: Path) -> None:
    host.cuts = [1_000_000, 700_000]
    assert fetch(host.remote(MD5), tmp_path).read_bytes() == CONTENT
    assert host.asked == [None, "bytes=1000000-", "bytes=1700000-"]


def test_a_broken_transfer_goes_on_in_a_later_call(host: Host, tmp_path: Path) -> None:
    host.cuts = [1_000_000, 0, 0]
    with pytest.raises(
        WorkFailed, match=r"broke off after 1,000,000 bytes .*kept .*type the same command to go on"
    ):
        fetch(host.remote(MD5), tmp_path)
    assert not (tmp_path / "file.bin").exists()
    host.asked.clear()
    host.cuts = []
    assert fetch(host.remote(MD5), tmp_path).read_bytes() == CONTENT
    assert host.asked == ["bytes=1000000-"]


def test_a_file_that_changed_meanwhile_is_fetched_from_its_beginning(host: Host, tmp_path: Path) -> None:
    host.cuts = [1_000_000, 0]
    with pytest.raises(WorkFailed):
        fetch(host.remote(), tmp_path)
    host.content, host.mark, host.cuts = CONTENT[::-1], '"second"', []
    assert fetch(host.remote(), tmp_path).read_bytes() == CONTENT[::-1]


def test_a_server_without_ranges_sends_it_all_again(host: Host, tmp_path: Path) -> None:
    host.ranges, host.cuts = False, [1_000_000]
    assert fetch(host.remote(MD5), tmp_path).read_bytes() == CONTENT


def test_a_server_that_names_no_version_is_gone_on_with_only_where_a_checksum_is_known(
    host: Host, tmp_path: Path
) -> None:
    host.mark, host.cuts = 'W/"weak"', [1_000_000, 500_000]
    with pytest.raises(WorkFailed):
        fetch(host.remote(), tmp_path / "unknown")
    assert host.asked == [None, None]
    host.asked, host.cuts = [], [1_000_000]
    assert fetch(host.remote(MD5), tmp_path / "known").read_bytes() == CONTENT
    assert host.asked == [None, "bytes=1000000-"]


def test_a_server_that_always_answers_416_is_given_up(host: Host, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="416"):
        fetch(host.remote(path="/never"), tmp_path)


def test_a_beginning_longer_than_the_file_is_thrown_away(host: Host, tmp_path: Path) -> None:
    host.cuts = [len(CONTENT) - 1, 0]
    with pytest.raises(WorkFailed):
        fetch(host.remote(MD5), tmp_path)
    with (tmp_path / "file.bin.part").open("ab") as part:
        part.write(b"too much")
    host.cuts = []
    assert fetch(host.remote(MD5), tmp_path).read_bytes() == CONTENT


def test_a_wrong_checksum_is_refused_and_the_file_deleted(host: Host, tmp_path: Path) -> None:
    with pytest.raises(WorkFailed, match=rf"MD5 is {MD5}, but {'0' * 32} is published; it was deleted"):
        fetch(host.remote("0" * 32), tmp_path)
    assert not [entry for entry in tmp_path.iterdir() if not entry.name.endswith(".lock")]
    assert fetch(host.remote("0" * 32, MD5), tmp_path).exists()  # any of several published ones will do


def test_a_redirect_is_followed_on_the_web_only(host: Host, tmp_path: Path) -> None:
    assert fetch(host.remote(MD5, path="/moved"), tmp_path).read_bytes() == CONTENT
    with pytest.raises(InputError, match="no web address"):
        fetch(host.remote(path="/to-a-file"), tmp_path / "other")


def test_what_is_not_there_and_a_host_out_of_reach_are_said(host: Host, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="404"):
        fetch(host.remote(path="/nothing"), tmp_path)
    with pytest.raises(InputError, match=r"cannot be reached from here \(.*name resolution\)"):
        fetch(Remote("https://example.org/file.bin", "file.bin"), tmp_path)
    assert not (tmp_path / "file.bin").exists()


def test_two_at_a_time_fetch_it_once(host: Host, tmp_path: Path) -> None:
    threads = [threading.Thread(target=fetch, args=(host.remote(MD5), tmp_path)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert md5_of(tmp_path / "file.bin") == MD5
    assert host.asked == [None]
