"""A folder per class."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whence.data import cut, open_dataset

Refused = Callable[..., AbstractContextManager[None]]
Pictures = Callable[..., Path]


def test_a_folder_per_class_opens(picture_folder: Pictures) -> None:
    root = picture_folder(per_class=3)
    nested = root / "ill" / "ward 2" / "deep"
    nested.mkdir(parents=True)
    shutil.move(root / "ill" / "000.png", nested / "x.PNG")
    for junk in ("ill/.hidden.png", "ill/Thumbs.db", "ill/notes.txt", "README.md", "overview.png"):
        (root / junk).write_text("junk")
    (root / "__MACOSX" / "ill").mkdir(parents=True)
    (root / "__MACOSX" / "ill" / "._000.png").write_text("junk")
    dataset = open_dataset(root)
    assert (dataset.name, dataset.class_names, len(dataset)) == ("pictures", ("healthy", "ill"), 6)
    assert dataset.class_counts() == {"healthy": 3, "ill": 3}
    assert dataset.splits is None
    assert dataset.groups is None
    assert dataset.card.name == "pictures"


@pytest.mark.parametrize("validation", ["val", "valid", "Validation"])
def test_splits_above_the_classes(picture_folder: Pictures, validation: str) -> None:
    for i, split in enumerate(("train", validation, "test")):
        picture_folder(per_class=2 + i, seed=i, name=f"tree/{split}")
    root = picture_folder(name="other").parent / "tree"
    dataset = open_dataset(root)
    assert dataset.splits is not None
    assert {s: int((dataset.splits == s).sum()) for s in ("train", "val", "test")} == {
        "train": 4,
        "val": 6,
        "test": 8,
    }
    assert dataset.class_names == ("healthy", "ill")


def test_a_rare_class_may_be_missing_from_one_split(picture_folder: Pictures) -> None:
    picture_folder(name="tree/train")
    root = picture_folder(name="tree/test", seed=1).parent
    shutil.rmtree(root / "test" / "ill")
    (root / "test" / "ill").mkdir()
    assert len(open_dataset(root)) == 36


def test_a_moved_folder_is_the_same_dataset(picture_folder: Pictures, tmp_path: Path) -> None:
    root = picture_folder()
    before = open_dataset(root)
    folds = cut(before)
    moved = tmp_path / "elsewhere" / "renamed"
    shutil.copytree(root, moved)
    for i, file in enumerate(sorted((moved / "ill").iterdir())):
        file.rename(file.with_name(f"z{99 - i}.png"))
    after = open_dataset(moved)
    assert after.fingerprint == before.fingerprint
    assert after.digests == before.digests
    for a, b in zip(cut(after), folds, strict=True):
        assert np.array_equal(a.test, b.test)
        assert np.array_equal(a.train, b.train)
    (moved / "ill").rename(moved / "unwell")
    assert open_dataset(moved).fingerprint != before.fingerprint


def test_numbered_classes_are_in_order_of_number(picture_folder: Pictures) -> None:
    dataset = open_dataset(picture_folder(classes=("10", "9", "0"), per_class=1))
    assert dataset.class_names == ("0", "9", "10")


def test_a_loop_of_links_ends(picture_folder: Pictures) -> None:
    root = picture_folder(per_class=2)
    (root / "ill" / "again").symlink_to(root / "ill")
    assert len(open_dataset(root)) == 4


def test_names_that_are_not_utf8_open(picture_folder: Pictures) -> None:
    root = picture_folder(per_class=2)
    (root / "ill" / "000.png").rename(os.fsdecode(os.fsencode(root / "ill") + b"/\xff\n.png"))
    assert len(open_dataset(root).fingerprint) == 64


def test_missing_and_empty_and_odd_paths(tmp_path: Path, refused: Refused) -> None:
    with refused("nowhere", "no file or folder", "whence datasets"):
        open_dataset(tmp_path / "nowhere")
    with refused("no dataset called ''"):
        open_dataset("")
    with refused("no file or folder"):
        open_dataset("x" * 5000)
    (tmp_path / "empty").mkdir()
    with refused("empty", "no image", "folder of images per class"):
        open_dataset(tmp_path / "empty")
    (tmp_path / "scans.zip").write_bytes(b"PK")
    with refused("scans.zip", "accepted are a folder"):
        open_dataset(tmp_path / "scans.zip")


def test_one_class_only(picture_folder: Pictures, refused: Refused) -> None:
    with refused("lonely", "one class only", "at least two"):
        open_dataset(picture_folder(classes=("lonely",)))


def test_a_folder_too_high_says_where_to_go(picture_folder: Pictures, refused: Refused) -> None:
    root = picture_folder(name="outer/inner")
    with refused("one folder only", "give", str(root)):
        open_dataset(root.parent)


def test_images_without_class_folders(tmp_path: Path, refused: Refused) -> None:
    root = tmp_path / "flat"
    root.mkdir()
    Image.new("L", (4, 4)).save(root / "a.png")
    with refused("without class folders"):
        open_dataset(root)


def test_an_empty_class_folder(picture_folder: Pictures, refused: Refused) -> None:
    root = picture_folder()
    (root / "unsure").mkdir()
    (root / "unsure" / "scan.dcm").write_text("x")
    with refused("unsure", ".dcm", "png"):
        open_dataset(root)


def test_images_beside_split_folders(picture_folder: Pictures, refused: Refused) -> None:
    picture_folder(name="tree/train")
    root = picture_folder(name="tree/test", seed=1).parent
    shutil.copytree(root / "train", root / "extra")
    with refused("extra", "beside train"):
        open_dataset(root)
    (root / "extra").rename(root / "Testing")
    with refused("two folders for the test split"):
        open_dataset(root)


def test_a_dangling_link(picture_folder: Pictures, refused: Refused) -> None:
    root = picture_folder(per_class=2)
    (root / "ill" / "lost.png").symlink_to(root / "gone.png")
    with refused("lost.png", "cannot be read"):
        open_dataset(root)


def test_columns_make_no_sense_for_folders(picture_folder: Pictures, refused: Refused) -> None:
    with refused("no CSV file", "columns"):
        open_dataset(picture_folder(), label_column="label")
