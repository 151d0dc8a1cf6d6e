"""OSF's HTTP API on this machine: sent, gone on with, taken, refused; the token goes to OSF alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.data.fakes.host import running
from tests.share.fakes.osf import TOKEN, Osf
from whence.cli.app import app
from whence.errors import InputError
from whence.share.pull import pull
from whence.share.push import Pushed, push_checkpoint

pytestmark = pytest.mark.usefixtures("no_network")


@pytest.fixture
def osf(monkeypatch: pytest.MonkeyPatch) -> Iterator[Osf]:
    with running(Osf()) as server:
        monkeypatch.setenv("OSF_API", f"{server.url}/v2")
        monkeypatch.setenv("OSF_TOKEN", TOKEN)
        monkeypatch.setattr("whence.share.places.osf.PAUSE", 0)
        yield server


def pushed(path: Path, to: str = "osf:ab3de", **more: Any) -> Pushed:
    return push_checkpoint(path, to, name="textures", say=lambda line: None, **more)


@pytest.mark.parametrize("where", ["osf:ab3de", "osf:ab3de/textures"])
def test_a_checkpoint_goes_to_a_project_and_back(
    where: str, osf: Osf, make_checkpoint: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_checkpoint()
    pushed(path, where)
    folder = where.removeprefix("osf:ab3de")
    assert set(osf.files) == {
        f"{folder}/{name}" for name in ("README.md", "config.json", "model.safetensors", "whence.json")
    }
    osf.public = False
    assert (pull(where).folder / "model.safetensors").read_bytes() == path.read_bytes()
    monkeypatch.delenv("OSF_TOKEN")
    with pytest.raises(
        InputError, match=r"does not let us in to take \(401\); check its spelling, or set OSF_TOKEN"
    ):
        pull(where, name="again")
    osf.public = True
    assert pull(where, name="again").fresh


def test_what_is_there_is_not_sent_again_and_what_changed_is(
    osf: Osf, make_checkpoint: Callable[..., Path]
) -> None:
    path = make_checkpoint()
    pushed(path)
    assert osf.times("PUT", "") == 4
    pushed(path)
    assert osf.times("PUT", "") == 4
    pushed(path, licence="CC0")
    assert osf.times("PUT", "") == 6  # the card and the manifest
    assert pull("osf:ab3de").parcel.licence == "CC0"


def test_an_upload_that_breaks_in_the_middle_is_sent_again(
    osf: Osf, make_checkpoint: Callable[..., Path]
) -> None:
    path = make_checkpoint()
    osf.cuts_up = [1 << 30, 1 << 30, 100_000]
    pushed(path)
    assert osf.times("PUT", "model.safetensors") == 2
    assert osf.files["/model.safetensors"] == path.read_bytes()


def test_an_upload_that_was_given_up_goes_on_with_the_same_command(
    osf: Osf, make_checkpoint: Callable[..., Path]
) -> None:
    path = make_checkpoint()
    words = ["share", "push", str(path), "--to", "osf:ab3de", "--quiet"]
    osf.cuts_up = [1 << 30, 1 << 30, 1000, 1000, 1000]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1, done.output
    assert "osf:ab3de: to send failed" in done.stderr
    assert "type the same command to go on" in done.stderr
    assert set(osf.files) == {"/README.md", "/config.json"}
    osf.asked.clear()
    assert CliRunner().invoke(app, words).exit_code == 0
    assert osf.times("PUT", "README.md") == osf.times("PUT", "config.json") == 0
    assert pull("osf:ab3de").fresh


def test_a_download_that_breaks_goes_on_where_it_stopped(
    osf: Osf, make_checkpoint: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within one command, and, given up, in the next."""
    path = make_checkpoint()
    pushed(path)
    osf.asked.clear()
    osf.cuts_down = [1 << 30] * 4 + [400_000, 300_000, 0]
    done = CliRunner().invoke(app, ["share", "pull", "osf:ab3de", "--quiet"])
    assert done.exit_code == 1, done.output
    assert "broke off after 700,000 bytes" in done.stderr
    osf.asked.clear()
    assert (pull("osf:ab3de").folder / "model.safetensors").read_bytes() == path.read_bytes()
    assert [h["Range"] for _, asked, h in osf.asked if "bucket/model" in asked and "Range" in h] == [
        "bytes=0-8",
        "bytes=700000-",
    ]


def test_what_was_changed_there_is_refused(
    osf: Osf, make_checkpoint: Callable[..., Path], private_home: Path
) -> None:
    path = make_checkpoint()
    pushed(path)
    good = osf.files["/model.safetensors"]
    osf.files["/model.safetensors"] = good[:-1] + bytes([good[-1] ^ 1])
    with pytest.raises(InputError, match="has the SHA-256"):
        pull("osf:ab3de")
    osf.files["/model.safetensors"] = good[:-1]
    with pytest.raises(InputError, match="has another size there"):
        pull("osf:ab3de")
    assert not private_home.exists()


def test_the_token_goes_to_osf_alone_and_is_never_told(
    osf: Osf, make_checkpoint: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_checkpoint()
    said = []
    for words in (
        ("share", "push", str(path), "--to", "osf:ab3de"),
        ("share", "pull", "osf:ab3de"),
        ("share", "pull", "osf:ab3de/nothing"),
        ("share", "pull", "osf:zzzzz"),
    ):
        done = CliRunner().invoke(app, list(words))
        said.append(done.output + done.stderr)
    assert "osf:zzzzz does not exist or is not open to you" in said[-1]
    monkeypatch.setenv("OSF_TOKEN", "wrongwrongwrong")
    done = CliRunner().invoke(app, ["share", "push", str(path), "--to", "osf:ab3de/more"])
    assert done.exit_code == 2
    assert "does not let us in to send (401); check its spelling, or set OSF_TOKEN" in done.stderr
    said.append(done.stderr)
    kept = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    for token in (TOKEN, "wrongwrongwrong"):
        assert not any(token in text for text in said)
        assert not any(token.encode() in data for data in [*kept, *osf.files.values()])
    carried = [asked for _, asked, headers in osf.asked if TOKEN in str(headers)]
    assert carried
    assert not [asked for asked in carried if "/bucket/" in asked]


def test_addresses_that_are_none(osf: Osf) -> None:
    for wrong in ("osf:", "osf:ab", "osf:ab3de/a/b", "osf:ab3de/../x", "osf:AB3DE"):
        with pytest.raises(InputError, match="is no place on OSF"):
            pull(wrong)
