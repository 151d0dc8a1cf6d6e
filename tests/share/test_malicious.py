"""A corpus of parcels and archives made to do harm: each is refused in one line, and nothing is written anywhere."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from tests.share.malicious import ARCHIVES, PARCELS
from whence.api import Study
from whence.cli.app import app
from whence.share.archive import read_archive
from whence.share.parcel import MANIFEST, parcel_of
from whence.share.push import push_checkpoint
from whence.share.results import MEMBERS, write_results

Tree = Callable[[Path], dict[str, str]]


def refused(*words: str | Path) -> str:
    done = CliRunner().invoke(app, [*map(str, words), "--quiet"])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


@pytest.fixture
def parcel(make_checkpoint: Callable[..., Path], tmp_path: Path) -> Path:
    """A good parcel; whoever made it, what made it is gone."""
    path = make_checkpoint()
    push_checkpoint(path, str(tmp_path / "parcel"), name="textures", say=lambda line: None)
    shutil.rmtree(path.parent)
    return tmp_path / "parcel"


@pytest.mark.parametrize("harm", PARCELS)
def test_a_malicious_parcel_is_refused_and_nothing_is_written(
    harm: str, parcel: Path, tmp_path: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    PARCELS[harm](parcel)
    monkeypatch.chdir(tmp_path)
    before = listing(tmp_path), listing(Path("/tmp"))
    assert "refused" in refused("share", "pull", parcel) or harm == "a name that leads out of the home"
    assert (listing(tmp_path), listing(Path("/tmp"))) == before
    assert not private_home.exists()


def listing(folder: Path) -> list[str]:
    """Names alone: a sparse file of 11 GB is not read. In /tmp only what lies there directly."""
    if folder == Path("/tmp"):
        return sorted(path.name for path in folder.iterdir() if "evil" in path.name or path.name == "ran")
    return sorted(str(path) for path in folder.rglob("*"))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The members of a good archive, of a small study that was really run."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("good")
    for label, colour in (("healthy", 40), ("ill", 200)):
        (folder / "xrays" / label).mkdir(parents=True)
        for i in range(8):
            Image.new("L", (16, 16), colour + i).save(folder / "xrays" / label / f"patient-{i}.png")
    fields = {"sources": ["none"], "targets": ["xrays"], "backbone": "test_resnet", "folds": 2}
    recipe = {"base": "small", "size": 16, "epochs": 1, "batch": 8}
    (folder / "mini.yaml").write_text(yaml.safe_dump(fields | {"recipe": recipe}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHENCE_HOME", str(folder / "home"))
        study = Study.from_file(folder / "mini.yaml")
        study.run(engine="inline", device="cpu")
        write_results(study.plan(device="cpu"), study.folder, folder / "mini.zip")
    return read_archive(folder / "mini.zip", MEMBERS)


@pytest.mark.parametrize("harm", ARCHIVES)
def test_a_malicious_archive_is_refused_by_every_verb_that_takes_one(
    harm: str, good: dict[str, bytes], tmp_path: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, parcel = tmp_path / "study.zip", tmp_path / "parcel"
    archive.write_bytes(ARCHIVES[harm](good))
    parcel.mkdir()
    shutil.copy(archive, parcel / "results.zip")
    (parcel / "README.md").write_text("# results")
    files = {name: parcel / name for name in ("README.md", "results.zip")}
    (parcel / MANIFEST).write_bytes(parcel_of("results", "study", None, files).written())
    monkeypatch.chdir(tmp_path)
    before = listing(tmp_path), listing(Path("/tmp"))
    for words in (
        ("knowledge", "add", archive),
        ("study", "run", archive),
        ("share", "pull", parcel),
        ("share", "push", archive, "--to", tmp_path / "out"),
    ):
        assert "is refused" in refused(*words)
    assert (listing(tmp_path), listing(Path("/tmp"))) == before
    assert not private_home.exists()
