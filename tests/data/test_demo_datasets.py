"""The demo's datasets: cut from real pictures, no fold tests on what it trained on, the answer hidden from the eye."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from whence.data import cut, known_names, open_dataset, survey
from whence.data.named import card_of, demo
from whence.data.named._patches import Grid, halved, levelled
from whence.errors import InputError

NAMES = ("demo:histology", "demo:natural", "demo:retina", "demo:textures")


@pytest.mark.parametrize(
    ("name", "classes", "least"),
    [
        ("demo:histology", 2, 500),
        ("demo:retina", 2, 600),
        ("demo:natural", 6, 1000),
        ("demo:textures", 3, 1500),
    ],
)
def test_each_opens_by_name_the_same_every_time(name: str, classes: int, least: int) -> None:
    first, again = open_dataset(name), open_dataset(name)
    assert name in known_names()
    assert len(first.class_names) == classes
    assert len(first) >= least
    assert first.fingerprint == again.fingerprint
    assert set(survey(first).height) == {32}
    assert first.groups is not None


@pytest.mark.parametrize("name", NAMES)
def test_each_has_a_card(name: str) -> None:
    card = card_of(name)
    assert card.name == name
    assert card.origin in ("medical", "natural")
    assert card.title
    assert card.licence
    assert card.citation


@pytest.mark.parametrize("name", ["demo:histology", "demo:retina"])
def test_targets_are_balanced_and_every_test_fold_has_twenty_of_a_class(name: str) -> None:
    target = open_dataset(name)
    counts = np.bincount(target.labels)
    assert abs(int(counts[0]) - int(counts[1])) <= 1
    assert target.groups is not None
    for fold in cut(target, seed=1):
        assert np.bincount(target.labels[fold.test], minlength=2).min() >= 20
        tested = set(target.groups[fold.test])
        assert not tested & set(target.groups[fold.train])
        assert not tested & set(target.groups[fold.validation])


def test_patches_of_different_regions_never_overlap() -> None:
    grid = Grid(region=64, side=32, step=16)
    owner = np.full((200, 200), "", dtype="U16")
    for (row, column), name in zip(grid.corners(200, 200), grid.names("p", (200, 200)), strict=True):
        seen = owner[row : row + 32, column : column + 32]
        assert set(seen.ravel()) <= {"", name}
        owner[row : row + 32, column : column + 32] = name


def test_the_stain_is_told_as_scikit_image_tells_it() -> None:
    color = pytest.importorskip("skimage.color")
    picture = demo._read("ihc.png")
    assert demo._bound_stain(picture) == pytest.approx(color.rgb2hed(picture)[..., 2], abs=1e-9)


def test_brightness_and_contrast_tell_nothing() -> None:
    patches = np.random.default_rng(0).integers(100, 140, (5, 32, 32)) * np.arange(1, 6)[:, None, None] // 3
    even = levelled(patches)
    assert even.mean(axis=(1, 2)) == pytest.approx(128, abs=1)
    assert even.std(axis=(1, 2)) == pytest.approx(40, abs=2)


def test_halving_is_the_mean_of_four() -> None:
    patch = np.arange(16.0).reshape(1, 4, 4)
    assert halved(patch).tolist() == [[[2.5, 4.5], [10.5, 12.5]]]


def test_a_missing_picture_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(demo, "_folder", lambda file: tmp_path)
    with pytest.raises(InputError, match=r"brick\.png of the demo is missing; install its library anew"):
        open_dataset("demo:textures")


def test_without_scikit_image_the_way_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(InputError, match=r"pip install 'whence\[demo\]'"):
        open_dataset("demo:textures")
