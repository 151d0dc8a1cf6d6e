"""An HTTP server on this machine that serves one file, breaks off, changes its mind, and sends elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar

from whence.data.download import Remote


class Host(ThreadingHTTPServer):
    """Serves one file. `cuts`: after how many bytes of an answer each next connection is closed."""

    def __init__(self, content: bytes) -> None:
        self.content, self.mark = content, '"first"'
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
        if self.path == "/never":
            return self.send_error(416)
        if self.path != "/file.bin":
            return self.send_error(404)
        asked = self.headers.get("Range")
        host.asked.append(asked)
        start = 0
        if asked and host.ranges and self.headers.get("If-Range", host.mark) == host.mark:
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


@contextmanager
def serving(content: bytes) -> Iterator[Host]:
    """A host that answers inside this block."""
    with running(Host(content)) as server:
        yield server


S = TypeVar("S", bound=ThreadingHTTPServer)


@contextmanager
def running(server: S) -> Iterator[S]:
    """Any server, answering inside this block."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
