"""Pushed to a folder and pulled from it: what arrives is what was sent, and plain timm reads it without us."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fsspec
import pytest
import timm
import torch
from timm.data.config import resolve_data_config
from typer.testing import CliRunner

from whence.cli.app import app
from whence.data import open_dataset
from whence.errors import InputError
from whence.nets.backbone import pretrained_config
from whence.nets.sources import find_source
from whence.nets.weights import file_sha256, read_record, read_weights
from whence.recommend.candidates import find_candidates
from whence.share.licensing import licence_for
from whence.share.parcel import MANIFEST
from whence.share.places.files import FilePlace
from whence.share.pull import pull
from whence.share.push import Pushed, push_checkpoint

Tree = Callable[[Path], dict[str, str]]


def silent(line: str) -> None:
    pass


def pushed(path: Path, to: str | Path, name: str = "textures", **more: Any) -> Pushed:
    return push_checkpoint(path, str(to), name=name, say=silent, **more)


def whence(*words: str | Path) -> Any:
    done = CliRunner().invoke(app, [*map(str, words), "--json", "--quiet"])
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_a_folder_is_pulled_as_it_was_pushed(make_checkpoint: Callable[..., Path], tmp_path: Path) -> None:
    path = make_checkpoint()
    found = pushed(path, tmp_path / "out")
    assert {file.name: file.stat().st_size for file in (tmp_path / "out").iterdir()} == found.files
    taken = pull(str(tmp_path / "out"))
    assert taken.source == "pulled:textures"
    assert (taken.folder / "model.safetensors").read_bytes() == path.read_bytes()
    source = find_source("pulled:textures", "test_resnet")
    assert (source.identity, source.size) == (file_sha256(path), 32)
    assert not pull(str(tmp_path / "out")).fresh
    assert json.loads((taken.folder / "origin.json").read_text()) == {"from": str(tmp_path / "out")}
    assert [file.name for file in taken.folder.parent.glob("[!.]*")] == ["textures"]
    assert not list((taken.folder.parent / ".incoming").iterdir())


def test_plain_timm_loads_the_folder(make_checkpoint: Callable[..., Path], tmp_path: Path) -> None:
    """Without us: the same logits as from the tensors in the file, its classes, its preprocessing."""
    path = make_checkpoint()
    pushed(path, tmp_path / "out")
    network = timm.create_model(f"local-dir:{tmp_path / 'out'}", pretrained=True).eval()
    own = timm.create_model("test_resnet", num_classes=3).eval()
    own.load_state_dict(read_weights(path).tensors)
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(network(images), own(images))
    config = resolve_data_config({}, model=network)  # type: ignore[no-untyped-call]
    assert (tuple(config["mean"]), tuple(config["std"])) == ((0.5, 0.4, 0.3), (0.2, 0.2, 0.1))
    assert (tuple(config["input_size"]), config["crop_mode"]) == ((3, 32, 32), "center")
    assert pretrained_config(network)["label_names"] == ["brick", "grass", "gravel"]
    backbone = timm.create_model(f"local-dir:{tmp_path / 'out'}", pretrained=True, num_classes=2)
    first: list[torch.Tensor] = [next(iter(one.parameters())) for one in (backbone, own)]
    assert torch.equal(first[0], first[1])


def test_any_file_system_of_fsspec_will_do(make_checkpoint: Callable[..., Path]) -> None:
    path = make_checkpoint()
    pushed(path, "memory://lab/shared")
    assert set(fsspec.filesystem("memory").ls("/lab/shared", detail=False)) == {
        f"/lab/shared/{name}" for name in ("README.md", "config.json", "model.safetensors", MANIFEST)
    }
    assert (pull("memory://lab/shared").folder / "model.safetensors").read_bytes() == path.read_bytes()
    with pytest.raises(InputError, match="no file system that fsspec opens"):
        pull("nowhere://x")
    with pytest.raises(InputError, match="does not exist"):
        pull("memory://lab/nothing")


def test_a_bucket_will_do(make_checkpoint: Callable[..., Path], bucket: str) -> None:
    """S3 as a server on this machine speaks it; what is there is not sent again."""
    path = make_checkpoint()
    pushed(path, f"{bucket}/shared")
    fs = fsspec.filesystem("s3")
    there = {
        one["Key"].rpartition("/")[2]: one["LastModified"] for one in fs.ls(f"{bucket}/shared", detail=True)
    }
    assert set(there) == {"README.md", "config.json", "model.safetensors", MANIFEST}
    time.sleep(1.1)  # S3 tells times in whole seconds
    pushed(path, f"{bucket}/shared", licence="CC0")
    fs.invalidate_cache()
    now = {
        one["Key"].rpartition("/")[2]: one["LastModified"] for one in fs.ls(f"{bucket}/shared", detail=True)
    }
    assert {name for name in now if now[name] != there[name]} == {"README.md", MANIFEST}
    taken = pull(f"{bucket}/shared")
    assert (taken.folder / "model.safetensors").read_bytes() == path.read_bytes()
    assert taken.parcel.licence == "CC0"


def test_a_password_in_an_address_is_not_told() -> None:
    place = FilePlace.at("memory://user:secret@host/folder?signature=secret")
    assert place.address == "memory://host/folder"
    assert FilePlace.at("a@b/c?d").address == "a@b/c?d"


def test_a_dry_run_lists_every_file_and_writes_nothing(
    make_checkpoint: Callable[..., Path], tmp_path: Path, tree: Tree
) -> None:
    path = make_checkpoint()
    before = tree(tmp_path)
    told = whence("share", "push", path, "--to", tmp_path / "out", "--dry-run")
    assert tree(tmp_path) == before
    assert not told["sent"]
    assert [row["file"] for row in told["files"]] == [
        "README.md",
        "config.json",
        "model.safetensors",
        MANIFEST,
    ]
    whence("share", "push", path, "--to", tmp_path / "out")
    sizes = {row["file"]: row["bytes"] for row in told["files"]}
    assert sizes == {file.name: file.stat().st_size for file in (tmp_path / "out").iterdir()}


def test_a_push_that_was_cut_off_goes_on_and_is_never_taken_for_whole(
    make_checkpoint: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks within the weights; typed again, only what is missing is sent, the manifest last."""
    path = make_checkpoint()
    local = type(fsspec.filesystem("file"))
    sent: list[str] = []
    plain = local.put_file

    def put_file(self: Any, source: str, target: str, **more: Any) -> None:
        sent.append(Path(target).name)
        if broken and "safetensors" in target:
            Path(target).write_bytes(Path(source).read_bytes()[:1000])
            raise ConnectionResetError
        plain(self, source, target, **more)

    monkeypatch.setattr(local, "put_file", put_file)
    broken = True
    done = CliRunner().invoke(app, ["share", "push", str(path), "--to", str(tmp_path / "out"), "--quiet"])
    assert done.exit_code == 1
    assert "what has arrived is kept: type the same command to go on" in done.stderr
    with pytest.raises(InputError, match="does not exist"):
        pull(str(tmp_path / "out"))
    broken, sent[:] = False, []
    whence("share", "push", path, "--to", tmp_path / "out")
    assert sent == [".model.safetensors.part", f".{MANIFEST}.part"]
    assert pull(str(tmp_path / "out")).fresh


def test_a_pull_that_was_cut_off_goes_on_where_it_stopped(
    make_checkpoint: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_checkpoint()
    pushed(path, "memory://cut")
    memory = type(fsspec.filesystem("memory"))
    asked: list[int] = []
    cuts = [400_000, 0]

    class Broken:
        """A file that breaks off after some bytes."""

        def __init__(self, file: Any) -> None:
            self.file, self.left = file, cuts.pop(0) if cuts else 1 << 40

        def __enter__(self) -> Broken:
            return self

        def __exit__(self, *exception: object) -> None:
            pass

        def seek(self, place: int) -> None:
            asked.append(place)
            self.file.seek(place)

        def read(self, size: int) -> bytes:
            if not self.left:
                raise ConnectionResetError
            data: bytes = self.file.read(min(size, self.left))
            self.left -= len(data)
            return data

    opened = memory.open

    def open_broken(self: Any, path: str, mode: str = "rb", **more: Any) -> Any:
        file = opened(self, path, mode, **more)
        return Broken(file) if "safetensors" in path and file.getbuffer().nbytes and looked.pop() else file

    looked = [True] * 9 + [False]  # its first nine bytes are looked at before
    monkeypatch.setattr(memory, "open", open_broken)
    done = CliRunner().invoke(app, ["share", "pull", "memory://cut"])
    assert done.exit_code == 1, done.output
    assert "type the same command to go on" in done.stderr
    assert asked == [0, 400_000]
    looked[:] = [True] * 9 + [False]
    assert (pull("memory://cut").folder / "model.safetensors").read_bytes() == path.read_bytes()
    assert asked == [0, 400_000, 400_000]


def test_two_that_pull_at_a_time_both_have_it(make_checkpoint: Callable[..., Path], tmp_path: Path) -> None:
    path = make_checkpoint()
    pushed(path, tmp_path / "out")
    with ThreadPoolExecutor() as pool:
        taken = list(pool.map(pull, [str(tmp_path / "out")] * 4))
    assert {one.folder for one in taken} == {taken[0].folder}
    assert (taken[0].folder / "model.safetensors").read_bytes() == path.read_bytes()
    assert [file.name for file in taken[0].folder.parent.glob("[!.]*")] == ["textures"]
    assert not list((taken[0].folder.parent / ".incoming").iterdir())


def test_another_checkpoint_of_that_name_is_not_overwritten(
    make_checkpoint: Callable[..., Path], tmp_path: Path
) -> None:
    pushed(make_checkpoint(), tmp_path / "one")
    pushed(make_checkpoint("other", seed=5), tmp_path / "two")
    pull(str(tmp_path / "one"))
    with pytest.raises(InputError, match=r"'textures' was pulled before and is not what .*two holds now"):
        pull(str(tmp_path / "two"))
    assert pull(str(tmp_path / "two"), name="second").source == "pulled:second"
    with pytest.raises(InputError, match=r"unknown source 'pulled:secnd'; near it: pulled:second"):
        find_source("pulled:secnd", "test_resnet")
    for name in ("../up", ".hidden", "a/b", ""):
        with pytest.raises(InputError, match="is no name"):
            pushed(make_checkpoint(), tmp_path / "three", name=name)
        if name:
            with pytest.raises(InputError, match="is no name"):
                pull(str(tmp_path / "one"), name=name)


def test_what_was_pulled_is_a_candidate_unless_it_learned_from_the_target(
    make_checkpoint: Callable[..., Path], picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    target = open_dataset(picture_folder())
    pushed(make_checkpoint(), tmp_path / "one", name="textures")
    pushed(make_checkpoint("same", seed=1, fingerprint=target.fingerprint), tmp_path / "two", name="same")
    pushed(make_checkpoint("wide", arch="test_vit"), tmp_path / "three", name="wide")
    for folder in ("one", "two", "three"):
        pull(str(tmp_path / folder))
    found = find_candidates(target, None, "test_resnet", size=16, folds=2, seed=1, device="cpu", say=silent)
    assert [c.source for c in found.candidates if c.at_hand] == ["pulled:textures", "none"]
    (start, _) = found.starts
    assert (start.trained_on, start.pretraining) == ("textures", "")
    asked = find_candidates(
        target, ["pulled:textures"], "test_resnet", size=16, folds=2, seed=1, device="cpu", say=silent
    )
    assert [c.source for c in asked.candidates] == ["pulled:textures"]


@pytest.mark.parametrize(
    ("of_data", "asked", "chosen", "told"),
    [
        ("CC BY 4.0", None, "CC BY 4.0", ""),
        ("CC BY 4.0", "MIT", "MIT", ""),
        ("CC BY-NC 4.0", None, "CC BY-NC 4.0", ""),
        ("CC BY-NC 4.0", "CC BY-NC-SA 4.0", "CC BY-NC-SA 4.0", ""),
        (
            "none stated; for research",
            None,
            "none stated; for research",
            "under the words of its data's licence",
        ),
        (None, None, None, "is not known: its card says so"),
        ("", "MIT", "MIT", "is not known: shared under 'MIT' on your word"),
    ],
)
def test_licences_go_with_the_data(
    of_data: str | None, asked: str | None, chosen: str | None, told: str
) -> None:
    found, said = licence_for(of_data, asked, "it")
    assert found == chosen
    assert told in said
    assert bool(told) == bool(said)


@pytest.mark.parametrize(
    "of_data", ["CC BY-NC 4.0", "ImageNet's terms: non-commercial research", "for research only"]
)
@pytest.mark.parametrize("asked", ["MIT", "Apache-2.0", "CC BY 4.0", "CC0", "GPL-3.0"])
def test_non_commercial_data_give_no_permissive_weights(of_data: str, asked: str) -> None:
    with pytest.raises(InputError, match="cannot be shared under"):
        licence_for(of_data, asked, "it")


def test_the_licence_check_stands_at_the_door(
    make_checkpoint: Callable[..., Path], tmp_path: Path, tree: Tree
) -> None:
    """The file's own record, and the known card of its dataset whatever the record says."""
    before = tree(tmp_path)
    for record in ({"licence": "CC BY-NC 4.0"}, {"trained_on": "paper:isic2018[n=100]", "licence": "MIT"}):
        path = make_checkpoint(**record)
        done = CliRunner().invoke(
            app, ["share", "push", str(path), "--to", str(tmp_path / "out"), "--licence", "MIT", "--quiet"]
        )
        assert done.exit_code == 2
        assert "cannot be shared under 'MIT'" in done.stderr
        path.unlink()
    path.parent.rmdir()
    assert tree(tmp_path) == before
    given = make_checkpoint("given")
    assert whence("share", "push", given, "--to", tmp_path / "given", "--licence", "MIT")["licence"] == "MIT"
    card = (tmp_path / "given" / "README.md").read_text()
    assert "license: mit" in card
    assert (
        "MIT, as whoever shared them chose; the images from which the weights were made are under CC BY 4.0"
        in card
    )
    unknown = make_checkpoint(licence="")
    done = CliRunner().invoke(app, ["share", "push", str(unknown), "--to", str(tmp_path / "out")])
    assert done.exit_code == 0
    assert "the licence of the data behind checkpoint.safetensors is not known" in done.stderr
    card = (tmp_path / "out" / "README.md").read_text()
    assert "license:" not in card
    assert "not known: that of the images is not known" in card
    assert whence("share", "pull", tmp_path / "out")["licence"] is None


def test_what_cannot_be_pushed_is_said(make_checkpoint: Callable[..., Path], tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.safetensors"
    foreign.write_bytes(b"")
    for what, words in (
        (foreign, "holds no record of what it is"),
        (tmp_path / "none.safetensors", "does not exist"),
        ("paper:dtd", "'paper:dtd' is no checkpoint: none of resnet50 is on this machine"),
        (tmp_path / "none.yaml", "does not exist"),
    ):
        done = CliRunner().invoke(app, ["share", "push", str(what), "--to", str(tmp_path / "out")])
        assert done.exit_code == 2, done.output
        assert words in done.stderr
    assert not (tmp_path / "out").exists()
    assert read_record(make_checkpoint())["trained_on"] == "textures"
