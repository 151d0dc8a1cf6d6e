"""The pixel cache."""

from __future__ import annotations

import multiprocessing
import time
from ast import literal_eval
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from whence.data import load_pixels, open_dataset

Refused = Callable[..., AbstractContextManager[None]]
Pictures = Callable[..., Path]


@pytest.mark.parametrize("fit", ["squash", "crop"])
def test_a_row_is_what_pillow_makes_of_the_file(tmp_path: Path, fit: str) -> None:
    random = np.random.default_rng(0)
    for label in "ab":
        (tmp_path / "d" / label).mkdir(parents=True)
        for i, shape in enumerate([(40, 31, 3), (20, 50, 3), (33, 33)]):
            Image.fromarray(random.integers(0, 255, shape, dtype=np.uint8)).save(
                tmp_path / "d" / label / f"{i}.png"
            )
    dataset = open_dataset(tmp_path / "d")
    pixels = load_pixels(dataset, 16, fit)
    assert (pixels.shape, str(pixels.dtype), pixels.flags.writeable) == ((6, 16, 16, 3), "uint8", False)
    for i in range(6):
        file = Image.open(literal_eval(dataset.images.describe(i))).convert("RGB")  # its repr is the path
        if fit == "squash":
            expected = file.resize((16, 16), Image.Resampling.BICUBIC)
        else:
            expected = ImageOps.fit(file, (16, 16), method=Image.Resampling.BICUBIC)
        assert np.array_equal(pixels[i], np.asarray(expected))


def test_jpegs_decoded_small_stay_close(real_data: Path) -> None:
    dataset = open_dataset(real_data / "data" / "lung_histology").subset(range(8))
    pixels = load_pixels(dataset, 32)
    for i in range(8):
        whole = dataset.images.open(i).resize((32, 32), Image.Resampling.BICUBIC).convert("RGB")
        assert np.abs(pixels[i].astype(int) - np.asarray(whole).astype(int)).mean() < 3


@pytest.mark.parametrize("damage", ["cut", "longer", "header", "empty", "other shape"])
def test_a_damaged_cache_is_made_anew(picture_folder: Pictures, private_home: Path, damage: str) -> None:
    dataset = open_dataset(picture_folder())
    first = np.array(load_pixels(dataset, 8))
    (cache,) = (private_home / "pixels").iterdir()
    content = cache.read_bytes()
    spoilt = {
        "cut": content[:-100],
        "longer": content + b"0",
        "header": b"xxxx" + content[4:],
        "empty": b"",
        "other shape": content.replace(b"(24,", b"(12,"),
    }
    cache.write_bytes(spoilt[damage])
    assert np.array_equal(load_pixels(dataset, 8), first)
    assert cache.read_bytes() == content
    assert list((private_home / "pixels").iterdir()) == [cache]


def test_it_is_kept_per_size_and_fit(picture_folder: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = open_dataset(picture_folder(per_class=2))
    for size, fit in ((8, "squash"), (9, "squash"), (8, "crop")):
        assert load_pixels(dataset, size, fit).shape[1] == size
    monkeypatch.setattr("whence.data.stores.decode", None)
    assert load_pixels(dataset, 8, "crop").shape == (4, 8, 8, 3)


def test_wrong_wishes(picture_folder: Pictures, refused: Refused) -> None:
    dataset = open_dataset(picture_folder(per_class=2))
    for size in (0, -3, 5000, 8.0, True):
        with refused("size", "1 to 4096"):
            load_pixels(dataset, size)  # type: ignore[arg-type]
    with refused("fit", "'sqash'", "squash"):
        load_pixels(dataset, 8, "sqash")


def test_an_unreadable_image_keeps_nothing(picture_folder: Pictures, refused: Refused) -> None:
    root = picture_folder()
    (root / "ill" / "007.png").write_bytes((root / "ill" / "007.png").read_bytes()[:150])
    dataset = open_dataset(root)
    with refused("007.png", "--skip-unreadable"):
        load_pixels(dataset, 8)


def build(folder: str, start: float) -> None:
    """What each of two processes does at the same time."""
    dataset = open_dataset(folder)
    time.sleep(max(0.0, start - time.time()))
    assert load_pixels(dataset, 8)[:].any()


def test_two_processes_at_once(picture_folder: Pictures, private_home: Path) -> None:
    root = str(picture_folder())
    context = multiprocessing.get_context("fork")
    start = time.time() + 0.5
    both = [context.Process(target=build, args=(root, start)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(30)
        assert process.exitcode == 0
    assert len(list((private_home / "pixels").iterdir())) == 1
