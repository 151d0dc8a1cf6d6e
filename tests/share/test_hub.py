"""The real client of the Hugging Face hub against a hub on this machine that breaks off in the middle."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load
from typer.testing import CliRunner

from tests.data.fakes.host import running
from tests.share.fakes.hub import TOKEN, Hub
from whence.api import pretrain
from whence.cli.app import app
from whence.errors import InputError
from whence.share.pull import pull
from whence.share.push import Pushed, push_checkpoint

pytestmark = pytest.mark.usefixtures("no_network")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """A hub, and the client in this process told of it: it reads its environment once, when it is imported."""
    with running(Hub()) as server:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.url + "/{repo_id}/resolve/{revision}/{filename}"
        )
        monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield server


def pushed(path: Path, to: str = "hf:lab/textures", **more: Any) -> Pushed:
    return push_checkpoint(path, to, name="textures", say=lambda line: None, **more)


def test_a_checkpoint_goes_to_the_hub_and_back(hub: Hub, make_checkpoint: Callable[..., Path]) -> None:
    path = make_checkpoint()
    assert pushed(path).address == "hf:lab/textures"
    repo = hub.repos["models", "lab/textures"]
    assert set(repo.files) == {"README.md", "config.json", "model.safetensors", "whence.json"}
    assert repo.files["model.safetensors"] == path.read_bytes()
    assert repo.large == {"model.safetensors"}
    assert hub.visibility == {"lab/textures": None}
    taken = pull("hf:lab/textures")
    assert (taken.folder / "model.safetensors").read_bytes() == path.read_bytes()
    with pytest.raises(InputError, match=r"hf:lab/nothing does not exist or is not open to you"):
        pull("hf:lab/nothing")
    for wrong in ("hf:lab", "hf:a/b/c", "hf:lab/../etc", "hf:", "hf:lab/te xt"):
        with pytest.raises(InputError, match="is no repository of the hub"):
            pull(wrong)


def test_a_hub_out_of_reach_is_said_at_once(monkeypatch: pytest.MonkeyPatch, private_home: Path) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    for address in ("hf:lab/textures", "osf:ab3de"):
        with pytest.raises(InputError, match=f"{address} cannot be reached from here"):
            pull(address)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match=r"cannot be reached from here \(OfflineModeIsEnabled\)"):
        pull("hf:lab/textures")
    assert not private_home.exists()


def test_a_second_push_sends_nothing_that_is_there(hub: Hub, make_checkpoint: Callable[..., Path]) -> None:
    path = make_checkpoint()
    pushed(path)
    hub.asked.clear()
    pushed(path)
    assert hub.times("PUT", "/storage/") == 0
    assert hub.repos["models", "lab/textures"].commits == 1
    pushed(path, licence="CC0", private=True)
    assert hub.times("PUT", "/storage/") == 0
    assert hub.repos["models", "lab/textures"].commits == 2
    assert hub.visibility == {"lab/textures": "private"}


@pytest.mark.parametrize("chunk", [0, 1 << 18])
def test_an_upload_that_breaks_in_the_middle_goes_on(
    chunk: int, hub: Hub, make_checkpoint: Callable[..., Path]
) -> None:
    """In parts, only the part in which the line broke is sent again."""
    path = make_checkpoint()
    hub.chunk, hub.cuts_up = chunk, [100_000] if not chunk else [1 << 30, 100_000]
    pushed(path)
    parts = -(-path.stat().st_size // chunk) if chunk else 1
    assert hub.times("PUT", "/storage/") == parts + 1
    assert hub.repos["models", "lab/textures"].files["model.safetensors"] == path.read_bytes()


def test_an_upload_that_is_given_up_is_gone_on_with_by_the_same_command(
    hub: Hub, make_checkpoint: Callable[..., Path]
) -> None:
    """The weights arrived, the commit did not: typed again, the weights are not sent again."""
    path = make_checkpoint()
    words = ["share", "push", str(path), "--to", "hf:lab/textures", "--quiet"]
    hub.chunk, hub.cuts_up = 0, [100_000] * 9
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1, done.output
    assert "hf:lab/textures: to send failed" in done.stderr
    assert "type the same command to go on" in done.stderr
    assert not hub.repos["models", "lab/textures"].files
    hub.cuts_up = []
    hub.storage[hashlib.sha256(path.read_bytes()).hexdigest()] = path.read_bytes()
    hub.asked.clear()
    assert CliRunner().invoke(app, words).exit_code == 0
    assert hub.times("PUT", "/storage/") == 0
    assert hub.repos["models", "lab/textures"].files["model.safetensors"] == path.read_bytes()


def test_a_download_that_breaks_in_the_middle_goes_on(
    hub: Hub, make_checkpoint: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_checkpoint()
    pushed(path)
    hub.asked.clear()
    hub.cuts_down = [200, 1 << 30, 1 << 30, 1 << 30, 300_000]
    assert (pull("hf:lab/textures").folder / "model.safetensors").read_bytes() == path.read_bytes()
    assert not hub.cuts_down


def test_a_download_that_is_given_up_is_gone_on_with_by_the_same_command(
    hub: Hub, make_checkpoint: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, private_home: Path
) -> None:
    path = make_checkpoint()
    pushed(path)
    monkeypatch.setattr("whence.share.places.files.BLOCK", 1 << 18)
    size = path.stat().st_size
    large = hub.storage[hashlib.sha256(path.read_bytes()).hexdigest()]
    hub.storage.clear()
    hub.storage[hashlib.sha256(large).hexdigest()] = Half(large)
    done = CliRunner().invoke(app, ["share", "pull", "hf:lab/textures", "--quiet"])
    assert done.exit_code == 1, done.output
    assert "type the same command to go on" in done.stderr
    (part,) = private_home.rglob("*.safetensors")
    have = part.stat().st_size
    assert 0 < have < size
    assert part.read_bytes() == path.read_bytes()[:have]
    hub.storage[hashlib.sha256(large).hexdigest()] = large
    hub.asked.clear()
    assert (pull("hf:lab/textures").folder / "model.safetensors").read_bytes() == path.read_bytes()
    ranges = [
        headers["range"] for _, asked, headers in hub.asked if "/storage/" in asked and "range" in headers
    ]
    assert ranges[1].startswith(f"bytes={have}-")  # the first looks at how the file begins
    assert (
        sum(int(r.split("-")[1]) - int(r.split("=")[1].split("-")[0]) + 1 for r in ranges[1:]) == size - have
    )
    assert not list(private_home.rglob("*.part")) + list((private_home / "pulled" / ".incoming").iterdir())


class Half(bytes):
    """A file of which the second half cannot be had."""

    def __getitem__(self, part: Any) -> Any:
        if isinstance(part, slice) and part.start and part.start >= len(self) // 2:
            raise ConnectionAbortedError
        return bytes.__getitem__(self, part)


def test_what_was_changed_at_the_hub_is_refused(
    hub: Hub, make_checkpoint: Callable[..., Path], private_home: Path
) -> None:
    path = make_checkpoint()
    pushed(path)
    files = hub.repos["models", "lab/textures"].files
    data = bytearray(files["model.safetensors"])
    data[-1] ^= 1
    changed = bytes(data)
    files["model.safetensors"] = changed
    hub.storage[hashlib.sha256(changed).hexdigest()] = changed
    with pytest.raises(InputError, match=r"model.safetensors has the SHA-256 .*, but its whence.json says"):
        pull("hf:lab/textures")
    assert not private_home.exists()


def test_the_token_is_nowhere(
    hub: Hub, make_checkpoint: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in what is printed, sent as a file, kept here, or told to the storage; whether things go well or not."""
    path = make_checkpoint()
    said: list[str] = []
    wrong = "hf_wrongwrongwrongwrongwrongwrongwrong"

    def whence(*words: str) -> int:
        done = CliRunner().invoke(app, list(words))
        said.append(done.output + done.stderr + repr(done.exception and done.exception.__cause__))
        return done.exit_code

    push = ("share", "push", str(path), "--to", "hf:lab/textures")
    hub.chunk, hub.cuts_up = 0, [1000] * 9
    assert whence(*push) == 1
    hub.cuts_up = [1000]
    assert whence(*push) == 0
    hub.cuts_down = [10] * 3
    assert whence("share", "pull", "hf:lab/textures") in (0, 1)
    assert whence("share", "pull", "hf:lab/nothing") == 2
    hub.cuts_down = []
    assert whence("share", "pull", "hf:lab/textures") == 0
    monkeypatch.setenv("HF_TOKEN", wrong)
    assert whence("share", "push", str(path), "--to", "hf:lab/other") == 2
    assert (
        "does not let us in to send (401); check its spelling, or set HF_TOKEN, or log in by: hf auth login"
        in said[-1]
    )
    sent = [data for repo in hub.repos.values() for data in repo.files.values()]
    kept = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    assert len(kept) > 5
    for token in (TOKEN, wrong, "sesame"):
        assert not any(token in text for text in said)
        assert not any(token.encode() in data for data in [*sent, *kept])
    carried = [(asked, headers) for _, asked, headers in hub.asked if TOKEN in str(headers)]
    assert carried
    assert not [asked for asked, _ in carried if "/storage/" in asked]


PLAIN = """
import sys, timm, torch
network = timm.create_model("hf-hub:lab/textures", pretrained=True).eval()
assert "whence" not in sys.modules
print(network.num_classes, network.pretrained_cfg["label_names"])
torch.save(network.state_dict(), "plain.pt")
"""


@pytest.mark.slow
def test_train_push_wipe_pull_rank_and_plain_timm(
    hub: Hub,
    picture_folder: Callable[..., Path],
    tmp_path: Path,
    private_home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two people: one trains, shares, loses everything, pulls and ranks; the other has plain timm and nothing of us."""
    picture_folder(("brick", "grass", "gravel"), per_class=10, seed=1, name="textures")
    picture_folder(("healthy", "ill"), per_class=10, name="xrays")
    monkeypatch.chdir(tmp_path)

    def whence(*words: str) -> Any:
        done = CliRunner().invoke(app, [*words, "--json", "--quiet"])
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)

    recipe = {"base": "small", "size": 16, "epochs": 1, "batch": 8}
    trained = pretrain("textures", backbone="test_resnet", recipe=recipe, device="cpu", engine="inline")
    weights = trained.path.read_bytes()
    whence("share", "push", "textures", "--backbone", "test_resnet", "--to", "hf:lab/textures")
    shutil.rmtree(private_home)
    source = whence("share", "pull", "hf:lab/textures")["source"]
    assert source == "pulled:test_resnet-textures"
    ranking = whence("rank", "xrays", "--backbone", "test_resnet", "--size", "16", "--device", "cpu")[
        "ranking"
    ]
    assert {row["source"] for row in ranking} == {source, "none"}
    assert "probe AUC" in str(ranking)
    study = {
        "sources": [source],
        "targets": ["xrays"],
        "backbone": "test_resnet",
        "recipe": recipe,
        "folds": 2,
    }
    (tmp_path / "study.yaml").write_text(json.dumps(study))
    whence("study", "run", "study.yaml", "--engine", "inline", "--device", "cpu")
    written = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {"ledger.db", "log.txt", "README.md", "result.json"} <= {file.name for file in written}
    assert not [file for file in written if TOKEN.encode() in file.read_bytes()]

    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("HF_", "WHENCE_"))
    }
    environment |= {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PLAIN],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip() == "3 ['brick', 'grass', 'gravel']"
    plain, sent = torch.load(tmp_path / "plain.pt", weights_only=True), load(weights)
    assert set(plain) == set(sent)
    assert all(torch.equal(plain[name], sent[name]) for name in sent)
