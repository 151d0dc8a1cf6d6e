"""Leakage: an image, or its patient, on both sides of a test, within a dataset and between source and target."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whence.data import ArrayStore, Dataset, cut, in_common, open_dataset, survey
from whence.data.kept_folds import Fold
from whence.data.leakage import leaks_between, leaks_of_fold, near_leaks_between, near_leaks_of_folds
from whence.records import Card

FOLD = Fold(0, *map(np.sort, np.split(np.random.default_rng(0).permutation(40), [24, 32])))


def made(pixels: np.ndarray, groups: list[str] | None = None) -> Dataset:
    """A dataset of arrays."""
    labels = np.arange(len(pixels)) % 2
    named = None if groups is None else np.array(groups)
    return Dataset("made", ("a", "b"), labels, ArrayStore(pixels), Card("made"), groups=named)


def noise(seed: int, count: int = 40, side: int = 32) -> np.ndarray:
    """Smooth pictures, so that a slightly changed copy looks nearly the same."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 255, (count, 8, 8), dtype=np.uint8)
    return np.stack(
        [np.asarray(Image.fromarray(p).resize((side, side), Image.Resampling.BICUBIC)) for p in coarse]
    )


def parts_of(key: str | bytes, keys: np.ndarray) -> int:
    """In how many of the fold's three parts a key occurs."""
    return sum(any(keys[i] == key for i in part) for part in (FOLD.train, FOLD.validation, FOLD.test))


def test_identical_images_and_groups_on_both_sides() -> None:
    pixels = noise(0)
    pixels[30:] = pixels[:10]
    dataset = made(pixels, [f"patient {i // 3}" if i % 5 else "" for i in range(40)])
    seen = survey(dataset)
    assert dataset.groups is not None
    divided = [key for key in seen.pixel_digest if parts_of(key, seen.pixel_digest) > 1]
    patients = [name for name in set(dataset.groups) - {""} if parts_of(name, dataset.groups) > 1]
    assert divided
    assert patients
    identical, grouped = leaks_of_fold(dataset, seen, FOLD)
    assert identical.severity == grouped.severity == "error"
    assert f"fold 1 of 'made' has {len(divided)} images" in identical.what
    assert f"images of {len(patients)} groups" in grouped.what


def test_our_own_folds_have_no_leak() -> None:
    pixels = noise(1)
    pixels[20:] = pixels[:20]
    dataset = made(pixels)
    for fold in cut(dataset, folds=5, seed=3):
        assert leaks_of_fold(dataset, survey(dataset), fold) == []


def test_a_target_inside_its_source() -> None:
    target = made(noise(2))
    source = made(np.concatenate([noise(3), noise(2)[:7]]))
    (leak,) = leaks_between(source, survey(source), target, survey(target))
    assert leak.severity == "error"
    assert leak.what.startswith("7 of the 40 images of target 'made' are in source")
    assert "exclude: [[made, made]]" in leak.advice
    apart = made(noise(3))
    assert leaks_between(apart, survey(apart), target, survey(target)) == []


def test_near_duplicates_are_a_warning() -> None:
    pixels = noise(4)
    bright = (pixels[:5] * 0.9 + 20).astype(np.uint8)
    target, source = made(pixels), made(np.concatenate([noise(5), bright, pixels[5:7]]))
    (doubt,) = near_leaks_between(source, survey(source), target, survey(target))
    assert doubt.severity == "warning"
    assert doubt.what.startswith("5 of the 40 images")  # the two identical ones are leaks, not doubts
    both = made(np.concatenate([pixels, bright]))
    folds = cut(both, folds=5, seed=1)
    (seen,) = near_leaks_of_folds(both, survey(both), folds)
    assert seen.severity == "warning"
    assert (
        near_leaks_of_folds(both, survey(both), cut(both, folds=5, seed=1, group_near_duplicates=True)) == []
    )


def test_what_datasets_have_in_common(picture_folder: Callable[..., Path]) -> None:
    one = picture_folder(seed=1, name="one")
    other = picture_folder(seed=2, name="other")
    (other / "ill" / "copy.png").write_bytes((one / "healthy" / "003.png").read_bytes())
    first, second = open_dataset(one), open_dataset(other)
    (finding,) = in_common([first, second, open_dataset(one)])[:1]
    assert finding.what == "1 of the 24 images of 'one' are in 'other' too"
    assert "003.png" in finding.example
    assert in_common([first, open_dataset(one)]) == []  # the same dataset twice says nothing new


@pytest.mark.parametrize("groups", [None, [""] * 40])
def test_unknown_groups_join_nothing(groups: list[str] | None) -> None:
    dataset = made(noise(6), groups)
    assert leaks_of_fold(dataset, survey(dataset), FOLD) == []
