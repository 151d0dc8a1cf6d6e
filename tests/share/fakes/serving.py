"""What the servers have in common: JSON, bodies, ranges, and connections that break in the middle."""

from __future__ import annotations

import json
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


class Server(ThreadingHTTPServer):
    """Keeps what it was asked. `cuts_up` and `cuts_down`: after how many bytes of a file a connection is closed."""

    daemon_threads = True

    def __init__(self, answer: type[Answer]) -> None:
        self.asked: list[tuple[str, str, dict[str, str]]] = []  # method, path, headers
        self.cuts_up: list[int] = []
        self.cuts_down: list[int] = []
        super().__init__(("127.0.0.1", 0), answer)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def elsewhere(self) -> str:
        """The same server as another host, where storage lies in life."""
        return f"http://localhost:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a connection that was cut."""

    def times(self, method: str, part: str) -> int:
        """How often a path with this part was asked for."""
        return sum(m == method and part in path for m, path, _ in self.asked)


class Answer(BaseHTTPRequestHandler):
    """One request; a server's own kind has `answer(method, path, query)`."""

    protocol_version = "HTTP/1.1"

    def answer(self, method: str, path: str, query: dict[str, str]) -> None:
        raise NotImplementedError

    def handle_one(self) -> None:
        split = urlsplit(self.path)
        server: Any = self.server
        server.asked.append((self.command, self.path, dict(self.headers.items())))
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        self.answer(self.command, unquote(split.path), query)

    do_GET = do_HEAD = do_POST = do_PUT = handle_one

    def body(self) -> bytes:
        """The whole body; the connection is cut within it where that is wanted."""
        length = int(self.headers.get("Content-Length", 0))
        server: Any = self.server
        if self.command == "PUT" and server.cuts_up and (cut := server.cuts_up.pop(0)) < length:
            self.rfile.read(cut)
            self.cut()
        return self.rfile.read(length)

    def json_body(self) -> Any:
        return json.loads(self.body() or b"null")

    def send(self, data: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def send_json(self, document: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send(
            json.dumps(document).encode(), status, {"Content-Type": "application/json", **(headers or {})}
        )

    def send_file(self, data: bytes, tag: str) -> None:
        """A file or the range of it that is asked for, broken off where that is wanted."""
        start, end, status = 0, len(data), 200
        headers = {"ETag": f'"{tag}"', "Accept-Ranges": "bytes"}
        if asked := self.headers.get("Range"):
            first, _, last = asked.removeprefix("bytes=").partition("-")
            start, end, status = int(first), min(int(last) + 1 if last else len(data), len(data)), 206
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
        part = data[start:end]
        server: Any = self.server
        cut = server.cuts_down.pop(0) if server.cuts_down and self.command == "GET" else None
        if cut is None:
            return self.send(part, status, headers)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(part))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(part[:cut])
        return self.cut()

    def cut(self) -> None:
        """End the connection as a broken line does."""
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True
        raise ConnectionAbortedError

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
