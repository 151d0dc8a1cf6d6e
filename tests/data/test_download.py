"""Fetching from a real HTTP server on this machine that breaks off, changes its mind, and sends elsewhere."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from whence.data.download import Remote, fetch, md5_of, reporting
from whence.errors import InputError, WorkFailed

pytestmark = pytest.mark.usefixtures("no_network")
CONTENT = np.random.default_rng(0).bytes(3_000_000)
MD5 = hashlib.md5(CONTENT).hexdigest()


class Host(ThreadingHTTPServer):
    """Serves one file. `cuts`: after how many bytes of an answer each next connection is closed."""

    def __init__(self) -> None:
        self.content, self.mark = CONTENT, '"first"'
        self.cuts: list[int] = []
        self.ranges = True
        self.asked: list[str | None] = []
        super().__init__(("127.0.0.1", 0), Answer)

    def remote(self, *md5: str, path: str = "/file.bin") -> Remote:
        return Remote(f"http://127.0.0.1:{self.server_address[1]}{path}", "file.bin", md5)


class Answer(BaseHTTPRequestHandler):
    """One answer of the host."""

    server: Host
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        host = self.server
        if self.path == "/moved":
            return self.sent_to("/file.bin")
        if self.path == "/to-a-file":
            return self.sent_to("ftp://127.0.0.1/etc/passwd")
        if self.path != "/file.bin":
            return self.send_error(404)
        asked = self.headers.get("Range")
        host.asked.append(asked)
        start = 0
        if asked and host.ranges and self.headers.get("If-Range") == host.mark:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(host.content):
                return self.send_error(416)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(host.content) - 1}/{len(host.content)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(host.content) - start))
        self.send_header("ETag", host.mark)
        self.end_headers()
        cut = host.cuts.pop(0) if host.cuts else len(host.content)
        self.wfile.write(host.content[start : start + cut])
        self.close_connection = True
        return None

    def sent_to(self, where: str) -> None:
        self.send_response(302)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def host() -> Iterator[Host]:
    server = Host()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


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
