"""Fixtures every test may use: a private home, the real pictures, small datasets on disk."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

settings.register_profile("shared machine", deadline=None)  # time says nothing where others compute too
settings.load_profile("shared machine")
REPOSITORY = Path(__file__).resolve().parents[1]


SERVED = {"bucket", "server"}  # fixtures that start another program's server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what needs a browser, another program's server or minutes to `.ci/run`, which sets WHENCE_CI."""
    if os.environ.get("WHENCE_CI"):
        return
    for item in items:
        marked = item.get_closest_marker("ci") or item.get_closest_marker("browser")
        if marked or SERVED & set(getattr(item, "fixturenames", ())):
            reason = "needs a browser, a server or minutes: runs in .ci/run, which sets WHENCE_CI=1"
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def private_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has a `$WHENCE_HOME` of its own and no way to a model hub."""
    home = tmp_path / "whence-home"
    monkeypatch.setenv("WHENCE_HOME", str(home))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return home


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection but to this machine itself is refused, as behind a hospital's wall."""
    plain = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        inside = self.family == socket.AF_UNIX or ipaddress.ip_address(address[0]).is_loopback
        if not inside:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        plain(self, address)

    def getaddrinfo(host: str | bytes | None, *args: Any, **kwargs: Any) -> Any:
        if host not in ("localhost", "127.0.0.1", "::1", None):
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return resolved(host, *args, **kwargs)

    resolved = socket.getaddrinfo
    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "connect_ex", connect)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real images, weights and published outcomes, or a skip with the reason."""
    folder = Path(os.environ.get("WHENCE_TEST_DATA", REPOSITORY.parent / "shared")).absolute()
    if not (folder / "data" / "datasets.md").is_file():
        pytest.skip(f"no real images at {folder}: set WHENCE_TEST_DATA to their folder")
    return folder


@pytest.fixture
def picture_folder(tmp_path: Path) -> Callable[..., Path]:
    """Make a folder per class of small, learnable pictures: each class has its own mean colour and stripes.

    `picture_folder(classes=("a", "b"), per_class=12, size=16, seed=0, name="pictures")` returns the folder.
    """

    def make(
        classes: tuple[str, ...] = ("healthy", "ill"),
        per_class: int = 12,
        size: int = 16,
        seed: int = 0,
        name: str = "pictures",
    ) -> Path:
        random = np.random.default_rng(seed)
        root = tmp_path / name
        for number, label in enumerate(classes):
            (root / label).mkdir(parents=True)
            for i in range(per_class):
                pixels = random.integers(0, 120, (size, size, 3))
                pixels[:: number + 2, :, number % 3] += 100
                Image.fromarray(pixels.astype(np.uint8)).save(root / label / f"{i:03}.png")
        return root

    return make


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a folder in a bucket of a server on this machine that speaks S3."""
    pytest.importorskip("moto.server", reason="moto[server] is not installed: .ci/run installs it")
    pytest.importorskip("s3fs", reason="s3fs is not installed: pip install 'whence[s3]'")
    from moto.server import ThreadedMotoServer
    from s3fs import S3FileSystem

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    S3FileSystem.clear_instance_cache()  # which may hold the address of an earlier server
    S3FileSystem().mkdir(f"lab-{port}")  # servers of one process share their buckets
    yield f"s3://lab-{port}/whence"
    server.stop()
