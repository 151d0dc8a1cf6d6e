"""Serves the experts' page on this machine only, until Ctrl-C."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from whence.errors import InputError
from whence.rating.shown import Shown

HOST = "127.0.0.1"
Say = Callable[[str], None]


def serve(
    datasets: Sequence[Shown], folder: Path, port: int, opened: Callable[[str], None], say: Say
) -> None:
    """Serve the page of `datasets` until Ctrl-C or a termination signal; answers go to `folder`.

    `opened` is called with the address once it answers; `port` 0 takes any free one. Raises `InputError` where
    starlette and uvicorn are not installed, the port is taken, or the folder cannot be written.
    """
    try:
        import uvicorn

        from whence.rating.app import RatingPage
    except ImportError as error:
        package = (error.name or "starlette").partition(".")[0]
        raise InputError(
            f"{package} is not installed, which serves the page: pip install 'whence[rate]'"
        ) from error
    check_writable(folder)
    token = secrets.token_urlsafe(24)
    listening = _listen(port)
    address = f"http://{HOST}:{listening.getsockname()[1]}/{token}/"

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            opened(address)

    page = RatingPage(datasets, folder, token, say)
    config = uvicorn.Config(  # no access log: every line of it would hold the token
        page.application(),
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    try:
        Server(config).run(sockets=[listening])
    except KeyboardInterrupt:  # uvicorn has closed everything and passes the signal on
        pass
    finally:
        listening.close()


def check_writable(folder: Path) -> None:
    """Make the folder and try to write there. Raises `InputError`."""
    probe = folder / ".can-be-written"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_text("yes")
        probe.unlink()
    except OSError as error:
        raise InputError(
            f"answers cannot be kept in {str(folder)!r}: {error.strerror}; give a folder of yours with --output"
        ) from error


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
    except OSError as error:
        listening.close()
        raise InputError(
            f"port {port} cannot be listened on: {error.strerror}; give another, or --port 0 for any free one"
        ) from error
    return listening
