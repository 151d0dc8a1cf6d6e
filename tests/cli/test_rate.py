"""whence rate as typed, without serving: files taken over, the rater that is no person, summaries, mistakes."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from whence.cli.app import app
from whence.rating.questions import PROPERTIES

HEADER = "rater,dataset," + ",".join(PROPERTIES)
GIVEN = f"""{HEADER}
Ann,xrays,medical,grey,objects,radiology,low,2
Ann,stones,natural,colour,textures,materials,medium,2
Ben,xrays,medical,grey,objects,radiology,low,4
Ben,stones,natural,colour,objects,materials,medium,2
"""


def whence(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["rate", *map(str, words)])


@pytest.fixture
def given(tmp_path: Path) -> Path:
    (tmp_path / "given.csv").write_text(GIVEN)
    return tmp_path / "given.csv"


def test_a_file_is_taken_over_and_summed_up(given: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ratings"
    done = whence("--import", given, "-o", folder, "--json", "--quiet")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert [(row["rater"], row["datasets"], row["answers"]) for row in found["raters"]] == [
        ("Ann", 2, 12),
        ("Ben", 2, 12),
    ]
    (value,) = found["values"]
    assert (value["source"], value["target"]) == ("xrays", "stones")
    assert (value["value"], value["low"], value["high"]) == (4, 4, 6)
    assert done.stderr == ""
    again = whence("--summary", "-o", folder, "--json")
    assert json.loads(again.stdout)["datasets"] == found["datasets"]


def test_what_a_person_reads(given: Path, tmp_path: Path) -> None:
    done = whence("--import", given, "-o", tmp_path / "ratings")
    assert done.exit_code == 0, done.stderr
    assert (
        "a tie: content of stones is objects or textures; objects, the first in the list, counts"
        in done.stdout
    )
    assert "4 (4–6)" in done.stdout
    assert "agreement on origin: Fleiss' κ 1.00 (an interval needs 3 subjects or more, not 2)" in done.stdout
    assert "agreement on diversity" in done.stdout


def test_the_automatic_rater_where_nobody_rated(
    picture_folder: Callable[..., Path], given: Path, tmp_path: Path
) -> None:
    folder, slides = tmp_path / "ratings", picture_folder(name="slides")
    stones = picture_folder(("brick", "grass"), name="stones", seed=2)
    done = whence(slides, stones, "--automatic", "--import", given, "-o", folder, "--json", "--quiet")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    by = {row["dataset"]: {vote["by"] for vote in row["votes"].values()} for row in found["datasets"]}
    assert by == {"slides": {"automatic"}, "stones": {"raters"}}
    assert found["automatic"]["of"] == 6
    assert "2 classes" in found["because"]["slides"]["classes"]
    assert (folder / "automatic.csv").read_text().startswith(HEADER)
    told = whence(slides, stones, "--summary", "-o", folder)
    assert "* nobody has rated this: the automatic rater's answer" in told.stdout
    assert "the automatic rater gives the answer of most people in" in told.stdout


def test_datasets_of_one_name_are_told_apart(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    a, b = picture_folder(name="a/images"), picture_folder(name="b/images", seed=1)
    done = whence(a, b, "--automatic", "-o", tmp_path / "ratings", "--json", "--quiet")
    assert [row["dataset"] for row in json.loads(done.stdout)["datasets"]] == [str(a), str(b)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "no dataset is named"),
        (("--automatic",), "no dataset is named"),
        (("@xrays", "@xrays"), "is given twice"),
        (("nowhere/",), "there is no file or folder"),
        (("--import", "missing.csv"), "cannot be read: No such file or directory"),
        (("@xrays", "-o", "@file"), "answers cannot be kept in"),
        (
            ("@xrays", "--port", "@taken"),
            "cannot be listened on: Address already in use; give another, or --port 0",
        ),
    ],
)
def test_mistakes_are_named(words: tuple[str, ...], told: str, picture_folder: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        places = {
            "@xrays": picture_folder(name="xrays"),
            "@file": tmp_path / "file",
            "@taken": taken.getsockname()[1],
        }
        done = whence(*(str(places.get(word, word)) for word in words), "--no-browser")
    assert done.exit_code == 2, done.output
    assert told in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("package", ["uvicorn", "starlette"])
def test_what_is_not_installed_is_named(
    package: str, picture_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] in ("starlette", "uvicorn")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.delitem(sys.modules, "whence.rating.app", raising=False)
    monkeypatch.delitem(sys.modules, "whence.rating.web", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    done = whence(picture_folder(), "-o", tmp_path / "ratings")
    assert done.exit_code == 2
    assert f"{package} is not installed, which serves the page: pip install 'whence[rate]'" in " ".join(
        done.stderr.split()
    )
