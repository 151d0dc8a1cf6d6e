"""The survey, and leaving out what cannot be decoded."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whence.data import ArrayStore, Dataset, check, describe, open_dataset, overlap, survey
from whence.records import Card

Refused = Callable[..., AbstractContextManager[None]]
Pictures = Callable[..., Path]


def spoil(root: Path, *names: str) -> None:
    """Cut real files in half."""
    for name in names:
        content = (root / name).read_bytes()
        (root / name).write_bytes(content[: len(content) // 2])


def test_what_is_seen(tmp_path: Path) -> None:
    grey = np.random.default_rng(0).integers(0, 255, (5, 9), dtype=np.uint8)
    for label in "ab":
        (tmp_path / "d" / label).mkdir(parents=True)
    Image.fromarray(grey).save(tmp_path / "d" / "a" / "grey.png")
    Image.fromarray(np.stack([grey] * 3, axis=-1)).save(tmp_path / "d" / "a" / "grey_in_colour.bmp")
    Image.new("RGB", (3, 4), (255, 0, 51)).save(tmp_path / "d" / "b" / "red.png")
    dataset = open_dataset(tmp_path / "d")
    told: list[tuple[int, int]] = []
    seen = survey(dataset, lambda done, count: told.append((done, count)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    red = int(np.flatnonzero(dataset.labels == 1)[0])
    others = [i for i in range(3) if i != red]
    assert (seen.height[red], seen.width[red], seen.channels[red]) == (4, 3, 3)
    assert np.allclose(seen.mean_colour[red], [1, 0, 0.2])
    assert seen.channels[others].tolist() == [1, 1]
    assert seen.pixel_digest[others[0]] == seen.pixel_digest[others[1]] != seen.pixel_digest[red]
    assert np.allclose(seen.mean_colour[others], grey.mean() / 255)


def test_it_is_made_once_and_anew_when_damaged(
    picture_folder: Pictures, private_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = open_dataset(picture_folder())
    first = survey(dataset)
    cache = private_home / "surveys" / f"{dataset.fingerprint}.npz"
    cache.write_bytes(cache.read_bytes()[:-30])
    assert np.array_equal(survey(dataset).pixel_digest, first.pixel_digest)
    monkeypatch.setattr("whence.data.stores.decode", None)  # not called again
    again = survey(open_dataset(dataset.address))
    assert np.array_equal(again.mean_colour, first.mean_colour)


def test_unreadable_images_are_counted_and_can_be_left_out(
    picture_folder: Pictures, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = picture_folder()
    spoil(root, "ill/003.png", "healthy/005.png")
    (root / "ill" / "none.png").touch()
    dataset = open_dataset(root)
    with refused(".png", "2 more of 25", "--skip-unreadable"):
        survey(dataset)
    left = open_dataset(root, skip_unreadable=True)
    assert (len(left), left.unreadable) == (22, 3)
    assert left.class_counts() == {"healthy": 11, "ill": 11}
    assert any("3 images cannot be decoded" in finding.what for finding in check(left, survey(left)))
    monkeypatch.setattr("whence.data.stores.decode", None)  # remembered
    again = open_dataset(root, skip_unreadable=True)
    assert (again.fingerprint, again.unreadable) == (left.fingerprint, 3)


def test_nothing_to_leave_out(picture_folder: Pictures, refused: Refused) -> None:
    root = picture_folder(per_class=2)
    whole = open_dataset(root, skip_unreadable=True)
    assert (len(whole), whole.unreadable) == (4, 0)
    for file in root.rglob("*.png"):
        file.write_bytes(b"")
    with refused("none of the 4 images"):
        open_dataset(root, skip_unreadable=True)


def in_memory(pixels: np.ndarray, labels: list[int], **columns: np.ndarray) -> Dataset:
    """A dataset of arrays."""
    names = tuple(f"class {i}" for i in range(max(labels) + 1))
    return Dataset("made", names, np.array(labels), ArrayStore(pixels), Card("made"), **columns)  # type: ignore[arg-type]


def test_findings_and_overlap() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (60, 4, 4), dtype=np.uint8)
    pixels[1] = pixels[0]  # same class
    pixels[59] = pixels[2]  # another class
    labels = [0] * 55 + [1] * 5
    splits = np.array(["train", "test"] * 30)
    groups = np.array(["p1"] * 4 + [""] * 56)
    dataset = in_memory(pixels, labels, groups=groups, splits=splits)
    seen = survey(dataset)
    found = check(dataset, seen)
    assert [finding.severity for finding in found] == ["error"] + ["warning"] * 5
    text = " | ".join(finding.what for finding in found)
    for part in (
        "2 images are pixel-identical to an image of another class",
        "2 images are pixel-identical to another of their class (1 copies)",
        "1 of 1 groups",
        "2 pictures occur",
        "imbalanced: 55 images of 'class 0', 5 of 'class 1'",
        "fewer than 20 images",
    ):
        assert part in text
    other = in_memory(pixels[:10], [0, 1] * 5)
    assert overlap(survey(other), seen) == 10
    assert overlap(seen, survey(other)) == 11


def of_colour(dataset: Dataset) -> list[str]:
    """The severities of what is found about grey and coloured images."""
    found = check(dataset, survey(dataset))
    return [finding.severity for finding in found if "grey and" in finding.what]


def test_colour_that_tells_the_class_is_a_warning() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (80, 4, 4, 3), dtype=np.uint8)
    pixels[:40] = pixels[:40, ..., :1]
    assert of_colour(in_memory(pixels, [0] * 40 + [1] * 40)) == ["warning"]
    assert of_colour(in_memory(pixels, [0, 1] * 40)) == ["info"]
    clean = in_memory(pixels[40:], [0, 1] * 20)
    assert check(clean, survey(clean)) == []


def test_describe(picture_folder: Pictures) -> None:
    dataset = open_dataset(picture_folder(per_class=30))
    document = describe(dataset)
    # the classes of these pictures differ in colour, and so in their borders, on purpose
    assert document.pop("shortcuts").keys() == {"mean_colour", "border"}
    found = [(finding["severity"], finding["what"][:11]) for finding in document.pop("findings")]
    assert found == [("warning", "mean colour"), ("warning", "border alon")]
    assert document == {
        "name": "pictures",
        "title": None,
        "origin": None,
        "modality": None,
        "images": 60,
        "classes": ["healthy", "ill"],
        "counts": {"healthy": 30, "ill": 30},
        "size": {"min": [16, 16], "max": [16, 16]},
        "channels": 3,
        "groups": 0,
        "splits": {},
        "fingerprint": dataset.fingerprint,
    }
