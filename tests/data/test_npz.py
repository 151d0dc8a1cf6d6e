"""MedMNIST's layout."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whence.data import open_dataset

Refused = Callable[..., AbstractContextManager[None]]


def arrays(n: int = 6, shape: tuple[int, ...] = (8, 7)) -> dict[str, Any]:
    """Train and test arrays of three classes."""
    random = np.random.default_rng(0)
    made: dict[str, Any] = {}
    for split in ("train", "test"):
        made[f"{split}_images"] = random.integers(0, 255, (n, *shape)).astype(np.uint8)
        made[f"{split}_labels"] = (np.arange(n) % 3).astype(np.uint8)[:, None]
    return made


def save(folder: Path, **changed: Any) -> Path:
    """Write `set.npz` with some arrays changed (None removes one)."""
    folder.mkdir(exist_ok=True)
    held = {name: array for name, array in (arrays() | changed).items() if array is not None}
    np.savez(folder / "set.npz", **held)
    return folder


@pytest.mark.parametrize("shape", [(8, 7), (8, 7, 1), (8, 7, 3)])
def test_arrays_open_as_file_and_as_folder(tmp_path: Path, shape: tuple[int, ...]) -> None:
    folder = save(tmp_path / "npz", **arrays(shape=shape))
    dataset = open_dataset(folder)
    assert (len(dataset), dataset.class_names) == (12, ("0", "1", "2"))
    assert dataset.splits is not None
    assert set(dataset.splits) == {"train", "test"}
    assert dataset.images.open(0).size == (7, 8)
    assert open_dataset(folder / "set.npz").fingerprint == dataset.fingerprint


def test_names_come_from_labels_json_and_flat_labels_are_fine(tmp_path: Path) -> None:
    folder = save(
        tmp_path / "npz", train_labels=np.array([0, 2, 0, 2, 0, 2]), test_labels=np.array([0, 2] * 3)
    )
    (folder / "labels.json").write_text('{"0": "well", "1": "absent", "2": "ill"}')
    assert open_dataset(folder).class_counts() == {"well": 6, "ill": 6}
    (folder / "labels.json").write_text('["a", "b", "c"]')
    assert open_dataset(folder).class_names == ("a", "c")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"train_images": np.zeros((6, 4, 4, 4), np.uint8)}, ("2D images and volumes at once",)),
        ({"train_images": np.zeros((6, 4, 4, 4, 2), np.uint8)}, ("shape (6, 4, 4, 4, 2)", "volumes")),
        ({"train_labels": np.zeros((6, 14), np.uint8)}, ("several labels", "one label")),
        ({"train_images": np.zeros((6, 4, 4))}, ("float64", "uint8")),
        ({"train_images": np.zeros((6, 4), np.uint8)}, ("shape (6, 4)",)),
        ({"train_labels": np.zeros(5, np.uint8)}, ("6", "5", "one label per image")),
        ({"train_labels": np.zeros(6)}, ("float64", "whole numbers")),
        ({"train_labels": None}, ("without train_labels",)),
        ({"train_labels": np.zeros(6, np.uint8), "test_labels": np.zeros(6, np.uint8)}, ("one class only",)),
        ({"train_labels": np.array([{}] * 6, dtype=object)}, ("object", "whole numbers")),
    ],
)
def test_bad_arrays(
    tmp_path: Path, refused: Refused, changed: dict[str, Any], words: tuple[str, ...]
) -> None:
    with refused("set.npz", *words):
        open_dataset(save(tmp_path / "npz", **changed))


def test_other_arrays(tmp_path: Path, refused: Refused) -> None:
    np.savez(tmp_path / "x.npz", features=np.zeros(3))
    with refused("x.npz", "features", "train_images"):
        open_dataset(tmp_path / "x.npz")


def test_a_cut_off_file(tmp_path: Path, refused: Refused) -> None:
    file = save(tmp_path / "npz") / "set.npz"
    whole = file.read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 5):
        file.write_bytes(whole[:length])
        with refused("set.npz", "no readable .npz"):
            open_dataset(file)
    damaged = bytearray(whole)
    damaged[200] ^= 255
    file.write_bytes(damaged)
    with refused("set.npz"):
        open_dataset(file)


@pytest.mark.parametrize(
    "text", ["{", '{"0": 3}', '{"0": "a", "1": "b"}', "7", '{"0": "a", "1": "b", "2": " "}']
)
def test_bad_label_names(tmp_path: Path, refused: Refused, text: str) -> None:
    folder = save(tmp_path / "npz")
    (folder / "labels.json").write_text(text)
    with refused("labels.json", "accepted is"):
        open_dataset(folder)
