"""Folds: what must hold for any dataset, and what is refused."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from whence.data import ArrayStore, Dataset, Fold, cut, split
from whence.data.parts import unite
from whence.errors import InputError
from whence.records import Card

Refused = Callable[..., AbstractContextManager[None]]


def dataset_of(
    labels: list[int], groups: list[str] | None = None, splits: list[str] | None = None, copies: int = 0
) -> Dataset:
    """One different tiny picture per label, of which the first `copies` pairs are pixel-identical."""
    count = len(labels)
    pixels = np.zeros((count, 1, 3), dtype=np.uint8)
    for i in range(count):
        pixels[i, 0] = (i // 256, i % 256, 7)
    for i in range(copies):
        pixels[2 * i + 1] = pixels[2 * i]
    return Dataset(
        "made",
        tuple(f"class {i}" for i in range(max(labels) + 1)),
        np.array(labels),
        ArrayStore(pixels),
        Card("made"),
        groups=None if groups is None else np.array(groups),
        splits=None if splits is None else np.array(splits),
    )


def assert_whole(dataset: Dataset, fold: Fold, groups: np.ndarray | None = None) -> None:
    """Disjoint, covering, and no group on two sides."""
    parts = (fold.train, fold.validation, fold.test)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(dataset)))
    if groups is not None:
        sides = [set(groups[part].tolist()) - {""} for part in parts]
        assert not sides[0] & sides[1] | sides[0] & sides[2] | sides[1] & sides[2]


@st.composite
def datasets(draw: st.DrawFn) -> tuple[Dataset, int, int]:
    """A dataset with groups, a number of folds and a seed."""
    folds = draw(st.integers(2, 5))
    counts = draw(st.lists(st.integers(2 * folds, 25), min_size=2, max_size=3))
    labels = [label for label, count in enumerate(counts) for _ in range(count)]
    patients = draw(st.integers(1, 40))
    random = np.random.default_rng(draw(st.integers(0, 999)))
    groups = None
    if draw(st.booleans()):
        groups = [f"p{n}" if n else "" for n in random.integers(0, patients, len(labels))]
    return dataset_of(labels, groups, copies=draw(st.integers(0, 4))), folds, draw(st.integers(0, 2**32 - 1))


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(datasets())
def test_folds_keep_their_promises(given_case: tuple[Dataset, int, int]) -> None:
    dataset, folds, seed = given_case
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            made = cut(dataset, folds=folds, seed=seed)
    except InputError:
        if dataset.groups is None:  # without groups these sizes can always be cut
            raise
        return
    assert [fold.number for fold in made] == list(range(folds))
    tested = np.concatenate([part for fold in made for part in (fold.test, fold.validation)])
    assert sorted(tested.tolist()) == list(range(len(dataset)))
    digests = np.array(dataset.digests)
    for fold, same in zip(made, cut(dataset, folds=folds, seed=seed), strict=True):
        assert_whole(dataset, fold, dataset.groups)
        assert_whole(dataset, fold, digests)
        assert np.array_equal(fold.test, same.test)
        assert np.array_equal(fold.validation, same.validation)
        assert set(dataset.labels[fold.train]) == set(dataset.labels)
        assert len(set(dataset.labels[fold.test])) >= 2


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(10, 60), min_size=2, max_size=4), st.integers(0, 1000))
def test_classes_are_spread_evenly(counts: list[int], seed: int) -> None:
    dataset = dataset_of([label for label, count in enumerate(counts) for _ in range(count)])
    for fold in cut(dataset, seed=seed):
        for label, count in enumerate(counts):
            assert abs((dataset.labels[fold.test] == label).sum() - count / 10) <= 1


def test_seeds_differ_and_official_splits_are_pooled() -> None:
    labels = [0, 1] * 40
    plain = dataset_of(labels)
    given_splits = dataset_of(labels, splits=["train"] * 60 + ["test"] * 20)
    assert not np.array_equal(cut(plain, seed=0)[0].test, cut(plain, seed=1)[0].test)
    assert set(given_splits.splits[cut(given_splits)[0].test]) == {"train", "test"}  # type: ignore[index]


def test_groups_and_identical_pictures_hang_together() -> None:
    groups = np.array(["a", "a", "b", "", "", "c"])
    pixels = np.array([b"1", b"2", b"2", b"3", b"4", b"4"])
    united = unite(groups, pixels)
    assert united[0] == united[1] == united[2]
    assert united[4] == united[5]
    assert len(set(united.tolist())) == 3
    assert len(set(unite(None, pixels).tolist())) == 4


def test_a_hundred_thousand_images_take_seconds() -> None:
    import time

    from whence.data.parts import cut_parts

    labels = np.arange(100_000) % 7
    start = time.monotonic()
    groups = unite(None, np.arange(100_000).astype("S8"))
    parts = cut_parts(labels, groups, 10, 0)
    assert np.bincount(parts).tolist() == pytest.approx([10_000] * 10, abs=7)
    assert time.monotonic() - start < 10


def test_too_small_classes() -> None:
    dataset = dataset_of([0] * 30 + [1] * 7)
    with pytest.raises(
        InputError, match=r"'class 1' .* 7 images; 5 folds need at least 10: cut fewer folds \(3\)"
    ):
        cut(dataset)
    assert len(cut(dataset, folds=3)) == 3


def test_too_few_groups() -> None:
    groups = [f"p{i}" for i in range(30)] + ["q", "r"] * 10
    with pytest.raises(InputError, match=r"'class 1' .* 2 groups .* at least 3"):
        cut(dataset_of([0] * 30 + [1] * 20, groups))
    few = [f"p{i % 6}" for i in range(60)]
    with pytest.raises(InputError, match="has 6 groups; 5 folds need"):
        cut(dataset_of([0, 1] * 30, few))


def test_a_class_in_one_large_group() -> None:
    labels = [0] * 40 + [1] * 40
    groups = [f"a{i}" for i in range(40)] + ["big"] * 38 + ["x", "y"]
    with pytest.raises(InputError, match="'class 1' comes from 3 groups only"):
        cut(dataset_of(labels, groups))  # five test parts cannot all hold a class of three groups
    assert len(cut(dataset_of(labels, groups), folds=2)) == 2


@pytest.mark.parametrize("seed", range(5))
def test_a_class_in_as_few_groups_as_there_are_folds(seed: int) -> None:
    groups = [f"a{i}" for i in range(40)] + [f"b{i // 4}" for i in range(24)]
    dataset = dataset_of([0] * 40 + [1] * 24, groups)
    for fold in cut(dataset, seed=seed):
        assert set(dataset.labels[fold.test]) == {0, 1}
        assert_whole(dataset, fold, dataset.groups)


@pytest.mark.parametrize("folds", [1, 0, -2, 51, 2.0, True])
def test_wrong_number_of_folds(folds: int) -> None:
    with pytest.raises(InputError, match="folds is"):
        cut(dataset_of([0, 1] * 30), folds=folds)


@pytest.mark.parametrize("seed", [-1, 2**32, 0.5])
def test_wrong_seed(seed: int) -> None:
    with pytest.raises(InputError, match="seed is"):
        cut(dataset_of([0, 1] * 30), seed=seed)
    with pytest.raises(InputError, match="seed is"):
        split(dataset_of([0, 1] * 30), seed=seed)


def test_official_splits_are_kept() -> None:
    splits = ["train"] * 40 + ["val"] * 10 + ["test"] * 10
    dataset = dataset_of([0, 1] * 30, splits=splits)
    (fold,) = cut(dataset, official=True)
    assert dataset.splits is not None
    assert set(dataset.splits[fold.validation]) == {"val"}
    assert set(dataset.splits[fold.test]) == {"test"}
    assert_whole(dataset, fold)


def test_validation_is_cut_from_training_by_group() -> None:
    splits = ["train"] * 60 + ["test"] * 20
    groups = [f"p{i // 3}" for i in range(80)]
    dataset = dataset_of([0, 1] * 40, groups, splits)
    (fold,) = cut(dataset, official=True, seed=3)
    assert dataset.splits is not None
    assert dataset.groups is not None
    assert set(dataset.splits[fold.validation]) == {"train"}
    assert not set(dataset.groups[fold.validation]) & set(dataset.groups[fold.train])
    assert 3 <= len(fold.validation) <= 12
    assert len(fold.test) == 20


@pytest.mark.parametrize(
    ("splits", "words"),
    [
        (None, "no official splits"),
        (["train"] * 20, "no test images"),
        (["test"] * 20, "no train images"),
        (["train"] * 9 + [""] + ["test"] * 10, "leave out 1 of 20"),
        (["test", "train"] * 10, "train on no 'class 0'"),
        (["train", "train"] * 9 + ["test", "val"], "test one class only"),
    ],
)
def test_official_splits_that_cannot_be_used(splits: list[str] | None, words: str) -> None:
    with pytest.raises(InputError, match=words):
        cut(dataset_of([0, 1] * 10, splits=splits), official=True)


def test_the_single_split_is_the_first_fold() -> None:
    dataset = dataset_of([0] * 30 + [1] * 20)
    fold, first = split(dataset, seed=4), cut(dataset, seed=4)[0]
    assert np.array_equal(fold.test, first.test)
    assert np.array_equal(fold.train, first.train)


@pytest.mark.parametrize("per_class", [3, 4, 5, 9])
@pytest.mark.parametrize("grouped", [False, True])
def test_the_single_split_takes_tiny_classes(per_class: int, grouped: bool) -> None:
    labels = [label for label in range(20) for _ in range(per_class)]
    groups = [f"g{i}" if i % 7 else "g0" for i in range(len(labels))] if grouped else None
    dataset = dataset_of(labels, groups)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fold = split(dataset, seed=0)
    assert_whole(dataset, fold, dataset.groups)
    assert set(dataset.labels[fold.train]) == set(labels)


def test_the_single_split_with_one_tiny_class_among_large_ones() -> None:
    dataset = dataset_of([0] * 50 + [1] * 50 + [2] * 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fold = split(dataset, seed=0)
    assert len(fold.train) >= 80
    assert_whole(dataset, fold)
    with pytest.raises(InputError, match="2 images; at least 3"):
        split(dataset_of([0] * 50 + [1] * 2), seed=0)


def test_nothing_is_written_on_refusal(refused: Refused) -> None:
    with refused("folds is 1"):
        cut(dataset_of([0, 1] * 30), folds=1)


def test_folds_are_kept_and_cut_again_when_the_file_is_broken(
    private_home: Path,
) -> None:
    dataset = dataset_of([0] * 20 + [1] * 15)
    first = cut(dataset, seed=3)
    (kept,) = (private_home / "folds").iterdir()
    kept.write_bytes(kept.read_bytes()[:90])
    for again in (cut(dataset, seed=3), cut(dataset, seed=3)):
        for a, b in zip(first, again, strict=True):
            assert a.train.tolist() == b.train.tolist()
            assert a.validation.tolist() == b.validation.tolist()
            assert a.test.tolist() == b.test.tolist()
