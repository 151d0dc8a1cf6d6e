"""whence distance, as typed, and what it gathers: features, embeddings, cards, noise floors."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import whence
from whence.cli.app import app
from whence.data import open_dataset
from whence.features.extract import features
from whence.features.task2vec import Probe, embed
from whence.measures import all_measures, energy, expert, kid, task2vec
from whence.nets.backbone import build
from whence.nets.weights import file_sha256, save_weights
from whence.rating import answers_about
from whence.rating.questions import PROPERTIES
from whence.recommend import seen

NET = "test_resnet"
DISTANCES = {name for name, m in all_measures().items() if m.kind == "distance"}
LOOKS_AT_NONE = {"card", "expert"}


@pytest.fixture
def probe(tmp_path: Path) -> Path:
    save_weights(tmp_path / "probe.safetensors", build(NET, 7, 0.0, 3), {"arch": NET})
    return tmp_path / "probe.safetensors"


@pytest.fixture
def stripes(picture_folder: Callable[..., Path]) -> Path:
    return picture_folder(("healthy", "ill"), per_class=20, size=32, name="stripes")


@pytest.fixture
def more_stripes(picture_folder: Callable[..., Path]) -> Path:
    """Other pictures of the same two kinds."""
    return picture_folder(("healthy", "ill"), per_class=24, size=32, name="more", seed=9)


@pytest.fixture
def dark(picture_folder: Callable[..., Path]) -> Path:
    """Another kind of pictures, and another number of classes."""
    folder = picture_folder(("x", "y", "z"), per_class=16, size=32, name="dark", seed=4)
    from PIL import Image

    for file in folder.rglob("*.png"):
        Image.open(file).point(lambda v: v // 6).save(file)
    return folder


def run(*words: str | Path, probe: Path) -> Any:
    return CliRunner().invoke(
        app, ["distance", *map(str, words), "--probe", f"file:{probe}", "--size", "32", "--device", "cpu"]
    )


def document(*words: str | Path, probe: Path) -> Any:
    done = run(*words, "--json", "--quiet", probe=probe)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_every_distance_beside_its_noise(stripes: Path, more_stripes: Path, dark: Path, probe: Path) -> None:
    far = {row["measure"]: row for row in document(stripes, dark, probe=probe)["values"]}
    near = {row["measure"]: row for row in document(stripes, more_stripes, probe=probe)["values"]}
    assert set(far) == DISTANCES
    for row in far.values():
        expected = {
            "measure",
            "kind",
            "source",
            "target",
            "value",
            "low",
            "high",
            "seconds",
            "noise",
            "images",
        }
        assert expected <= set(row)
        assert (row["kind"], row["source"], row["target"]) == ("distance", "stripes", "dark")
        if row["measure"] in LOOKS_AT_NONE:
            continue
        assert row["low"] <= row["value"] <= row["high"]
        assert row["images"] == 20
        assert row["noise"] <= row["noise_high"]
        assert row["below_noise"] == (row["sampled"] <= row["noise_high"])
    for name in DISTANCES - LOOKS_AT_NONE:
        assert near[name]["sampled"] < far[name]["sampled"]
    blind = {"task2vec", "task2vec_asymmetric", "task2vec_normalized"}
    assert not any(far[name]["below_noise"] for name in DISTANCES - blind - LOOKS_AT_NONE)
    assert all(near[name]["below_noise"] for name in ("kid", "mmd", "energy", "frechet"))


def test_values_are_those_of_the_functions(stripes: Path, dark: Path, probe: Path) -> None:
    one, other = open_dataset(stripes), open_dataset(dark)
    x, y = (features(d, NET, probe, file_sha256(probe), size=32) for d in (one, other))
    options: dict[str, Any] = {"probe": f"file:{probe}", "size": 32, "device": "cpu"}
    assert whence.distance("kid", stripes, dark, **options).value == kid(x, y)
    found = whence.distances([stripes, dark], measures=["energy", "task2vec"], **options)
    plain, embedded = found.values
    assert plain.value.value == energy(x, y)
    eyes = seen.look([one, other], ["a", "b"], None, seen.Settings(size=32))
    rows = [eye.samples for eye in eyes]
    assert plain.sampled == pytest.approx(np.mean([energy(x[a], y[b]) for a, b in zip(*rows, strict=True)]))
    halves = [
        [energy(f[r[i]], f[r[i + 1]]) for i in range(0, 10, 2)] for f, r in zip((x, y), rows, strict=True)
    ]
    assert plain.noise in [pytest.approx(np.mean(h)) for h in halves]
    h, k = (embed(d, Probe(NET, probe, file_sha256(probe)), images=20, size=32).values for d in (one, other))
    pairs = [task2vec.cosine(a, b) for a in h for b in k]
    assert embedded.value.value == pytest.approx(np.mean(pairs), rel=1e-12)


def test_what_people_answered_goes_before_the_automatic_rater(
    stripes: Path, dark: Path, probe: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "ratings"
    folder.mkdir()
    (folder / "Ann.csv").write_text(
        f"rater,dataset,{','.join(PROPERTIES)}\n"
        "Ann,stripes,medical,grey,objects,radiology,low,2\nAnn,dark,natural,colour,textures,radiology,low,2\n"
    )
    words = (stripes, dark, "--measure", "expert")
    assert document(*words, "--ratings", folder, probe=probe)["values"][0]["value"] == 3
    answers = answers_about([open_dataset(stripes), open_dataset(dark)])
    expected = expert(*answers)
    assert document(*words, probe=probe)["values"][0]["value"] == expected


def test_a_dataset_against_itself_is_below_the_noise(stripes: Path, probe: Path) -> None:
    for row in document(stripes, stripes, "--measure", "frechet", "--measure", "card", probe=probe)["values"]:
        assert row["value"] == pytest.approx(0, abs=1e-6)
        assert row["below_noise"] in (None, True)


def test_the_paper_s_protocol_warns_of_small_subsets(stripes: Path, dark: Path, probe: Path) -> None:
    words = ("--measure", "task2vec", "--protocol", "paper")
    done = run(stripes, dark, *words, probe=probe)
    assert done.exit_code == 0, done.stderr
    assert "fewer than 2 of each: their embeddings are mostly noise" in done.stdout
    again = document(stripes, dark, *words, probe=probe)["values"][0]
    assert again["value"] == document(stripes, dark, *words, probe=probe)["values"][0]["value"]
    assert again["images"] == 2


def test_exact_labels_can_be_asked_for(stripes: Path, dark: Path, probe: Path) -> None:
    words = (stripes, dark, "--measure", "task2vec_normalized")
    one, exact = (
        document(*words, "--labels", how, probe=probe)["values"][0]["value"] for how in ("1", "exact")
    )
    assert one != exact
    assert one == pytest.approx(exact, abs=0.2)


def test_a_matrix_is_a_table_and_a_clustered_heat_map(
    stripes: Path, more_stripes: Path, dark: Path, probe: Path, tmp_path: Path
) -> None:
    words = ["--matrix", "--measure", "kid", "--measure", "task2vec_asymmetric", "--measure", "card"]
    done = run(stripes, dark, more_stripes, *words, "-o", tmp_path / "map.svg", probe=probe)
    assert done.exit_code == 0, done.stderr
    assert "Below the noise by kid" in done.stdout
    assert "more and stripes" in done.stdout or "stripes and more" in done.stdout
    drawn = (tmp_path / "map.svg").read_text()
    assert drawn.count("<svg") == 1
    for name in ("stripes", "dark", "more", "kid", "card", "≈"):
        assert name in drawn
    found = document(stripes, dark, more_stripes, *words, probe=probe)
    by = [row["measure"] for row in found["values"]]
    assert (by.count("kid"), by.count("task2vec_asymmetric")) == (3, 6)
    assert len([row for row in found["noise"] if row["measure"] == "kid"]) == 3
    assert all(row["value"] == row["sampled"] for row in found["values"] if row["measure"] == "kid")


@pytest.mark.parametrize("suffix", [".html", ".png", ".pdf"])
def test_heat_maps_in_every_format(
    suffix: str, stripes: Path, dark: Path, probe: Path, tmp_path: Path
) -> None:
    found = whence.distances([stripes, dark], measures=["card"], probe=f"file:{probe}", size=32, device="cpu")
    written = whence.api.draw_distances(found, tmp_path / f"map{suffix}")
    start = {".html": b"<!DOCTYPE html>", ".png": b"\x89PNG", ".pdf": b"%PDF"}[suffix]
    assert written.read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--measure", "kidd"), "unknown measure 'kidd'; near it: kid"),
        (("--measure", "logme"), "it is a score: whence score SOURCE TARGET takes it"),
        (("--protocol", "thirds", "--measure", "task2vec"), "accepted are 'halves' and 'paper'"),
        (("--labels", "none"), "accepted is exact, or how many labels"),
        (("--images", "21"), "half of 'stripes' has 20"),
        (("-o", "map.txt"), "accepted are .svg, .pdf, .png, .html"),
        (("--backbone", "resnet18", "--probe", "file:nowhere.safetensors"), "does not exist"),
    ],
)
def test_mistakes_are_named(
    words: tuple[str, ...], told: str, stripes: Path, dark: Path, probe: Path
) -> None:
    done = CliRunner().invoke(
        app,
        [
            "distance",
            str(stripes),
            str(dark),
            "--size",
            "32",
            "--device",
            "cpu",
            "--probe",
            f"file:{probe}",
            *words,
        ],
    )
    assert done.exit_code == 2, done.output
    assert told in " ".join(done.stderr.split())
    assert done.stdout == ""


def test_how_many_datasets_are_taken(stripes: Path, dark: Path, more_stripes: Path, probe: Path) -> None:
    for names, told in (
        ((stripes,), "a distance takes two datasets, or more with --matrix (matrix=True); 1 given"),
        ((stripes, dark, more_stripes), "3 given"),
        ((stripes, dark, stripes, "--matrix"), "have the same name"),
    ):
        done = run(*names, probe=probe)
        assert done.exit_code == 2
        assert told in done.stderr


def test_the_names_are_there_without_torch() -> None:
    code = "import whence, sys; assert 'distance' in dir(whence); assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
