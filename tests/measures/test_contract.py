"""One test for every measure, scores and distances alike: what the contract promises holds on odd inputs."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.measures.odd_inputs import ODD, Images, make
from whence.measures import Measure, MeasureWarning, all_measures

ALL = list(all_measures().values())
SCORES = [m for m in ALL if m.kind == "score"]
DISTANCES = [m for m in ALL if m.kind == "distance"]


def value(measure: Measure, *datasets: Images, **options: Any) -> float:
    """The measure of one dataset, or of two where it is a distance; what it warns of is not at issue here."""
    arguments = [dataset.need(name) for dataset in datasets for name in measure.needs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MeasureWarning)
        return measure(*arguments, **options)


def given(measure: Measure, images: Images) -> tuple[Images, ...]:
    """The datasets that a measure is called with: the images, and others of the same width for a distance."""
    if measure.kind == "score":
        return (images,)
    other = make((25, 35), images.features.shape[1], seed=5, shift=0.5)
    return images, other


def close(a: float, b: float, relative: float = 1e-7) -> bool:
    return bool(np.isclose(a, b, rtol=relative, atol=1e-9 * max(1.0, abs(a))))


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("measure", ALL, ids=lambda m: m.name)
def test_keeps_its_promises_on_odd_inputs(measure: Measure, odd: str) -> None:
    datasets = given(measure, ODD[odd])
    kept = [(d.features.copy(), d.labels.copy()) for d in datasets]
    if odd == "a class with one image" and "labels" in measure.needs and measure.least_per_class > 1:
        with pytest.raises(ValueError, match="class 3 holds a single image: at least 2 of each class"):
            value(measure, *datasets)
        return
    found = value(measure, *datasets)
    assert type(found) is float
    assert np.isfinite(found)
    low, high = measure.bounds
    assert low is None or found >= low
    assert high is None or found <= high
    assert value(measure, *datasets) == found
    for dataset, (features, labels) in zip(datasets, kept, strict=True):
        np.testing.assert_array_equal(dataset.features, features)
        np.testing.assert_array_equal(dataset.labels, labels)


@pytest.mark.parametrize("measure", ALL, ids=lambda m: m.name)
def test_input_is_left_alone_even_where_it_can_be_written_in_place(measure: Measure) -> None:
    datasets = given(measure, make((30, 30, 30), 8))
    arguments = [d.need(name) for d in datasets for name in measure.needs]
    arguments = [np.ascontiguousarray(a) if isinstance(a, np.ndarray) else a for a in arguments]
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            argument.setflags(write=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MeasureWarning)
        assert measure(*arguments) == value(measure, *datasets)


@pytest.mark.parametrize("odd", ["plain", "imbalance 100:20", "fewer images than features"])
@pytest.mark.parametrize("measure", ALL, ids=lambda m: m.name)
def test_the_order_of_images_does_not_matter(measure: Measure, odd: str) -> None:
    """Folds go by row numbers, so that measures over folds are given the same images in the same folds."""
    datasets = given(measure, ODD[odd])
    order = np.random.default_rng(9).permutation(len(datasets[0].labels))
    folds: list[tuple[np.ndarray, np.ndarray]] = []
    moved: list[tuple[np.ndarray, np.ndarray]] = []
    for k in range(3):
        test = np.concatenate(
            [np.flatnonzero(datasets[0].labels == c)[k::3] for c in np.unique(datasets[0].labels)]
        )
        train = np.setdiff1d(np.arange(len(order)), test)
        folds.append((train, test))
        place = np.argsort(order)
        moved.append((place[train], place[test]))
    options = ({"folds": folds}, {"folds": moved}) if measure.takes("folds") else ({}, {})
    found = value(measure, *datasets, **options[0])
    other = value(measure, *(d.permuted() for d in datasets), **options[1])
    assert close(found, other, 1e-6)


@pytest.mark.parametrize("measure", ALL, ids=lambda m: m.name)
def test_numbers_names_and_precision_of_the_input_do_not_matter(measure: Measure) -> None:
    datasets = given(measure, make((30, 30, 30), 8))
    single = [replace(d, features=d.features.astype(np.float32)) for d in datasets]
    double = [replace(d, features=d.features.astype(np.float64)) for d in single]
    if "features" in measure.needs:
        assert value(measure, *single) == value(measure, *double)
    if "labels" in measure.needs:
        expected = value(measure, *datasets)
        gaps = [replace(d, labels=d.labels * 7 + 2) for d in datasets]
        named = [replace(d, labels=np.array(["a", "b", "c"])[d.labels]) for d in datasets]
        assert close(value(measure, *gaps), expected)
        assert close(value(measure, *named), expected)


@pytest.mark.parametrize(
    "measure", [m for m in ALL if {"features", "filter_means"} & set(m.needs)], ids=lambda m: m.name
)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_a_number_is_refused(measure: Measure, bad: float) -> None:
    datasets = given(measure, make((30, 30, 30), 8))
    broken = datasets[0].features.copy()
    broken[4, 2] = bad
    with pytest.raises(ValueError, match="NaN or infinity"):
        value(measure, replace(datasets[0], features=broken), *datasets[1:])


@pytest.mark.parametrize("measure", [m for m in ALL if "labels" in m.needs], ids=lambda m: m.name)
def test_labels_that_cannot_be_judged_are_refused(measure: Measure) -> None:
    images = make((30, 30, 30), 8)
    datasets = given(measure, images)
    lonely = np.where(images.labels == 2, 1, images.labels)
    lonely[0] = 2
    if measure.least_per_class > 1:
        with pytest.raises(ValueError, match="class 2 holds a single image"):
            value(measure, replace(images, labels=lonely), *datasets[1:])
    with pytest.raises(ValueError, match="single class"):
        value(measure, replace(images, labels=np.zeros(90)), *datasets[1:])
    arguments = [d.need(name) for d in datasets for name in measure.needs]
    arguments[measure.needs.index("labels")] = images.labels[:-1]
    with pytest.raises(ValueError, match="labels have shape"):
        measure(*arguments)


@pytest.mark.parametrize("measure", SCORES, ids=lambda m: m.name)
def test_scores_point_the_way_they_say(measure: Measure) -> None:
    """Classes that the network tells apart against classes that it hardly does: the better is the higher."""
    clear, blurred = make((60, 60, 60), 8, signal=0.8), make((60, 60, 60), 8, signal=0.1)
    better, worse = value(measure, clear), value(measure, blurred)
    assert better > worse if measure.higher_is_better else better < worse


@pytest.mark.parametrize("measure", DISTANCES, ids=lambda m: m.name)
def test_distances_point_the_way_they_say_and_are_symmetric_and_zero_where_they_say(measure: Measure) -> None:
    here, near, far = (make((60, 60), 8, seed=2, shift=shift) for shift in (0.0, 0.3, 2.0))
    assert not measure.higher_is_better
    assert value(measure, here, near) < value(measure, here, far)
    if measure.symmetric:
        assert close(value(measure, here, far), value(measure, far, here))
    if measure.zero_on_itself:
        scale = abs(value(measure, here, far))
        for images in (here, ODD["fewer images than features"], ODD["rank-deficient"]):
            assert abs(value(measure, images, images)) <= 1e-6 * scale


@pytest.mark.parametrize("measure", ALL, ids=lambda m: m.name)
def test_metadata_is_complete(measure: Measure) -> None:
    for text in (measure.cost, measure.citation, measure.meaning, measure.trust, measure.blind_to):
        assert len(text) > 20
    assert measure.needs
    if measure.kind == "score":
        assert not measure.symmetric
        assert not measure.zero_on_itself


def test_metadata_that_nobody_could_act_on_is_refused() -> None:
    known = all_measures()["linear_probe"]
    with pytest.raises(ValueError, match="kind 'similarity'"):
        replace(known, kind="similarity")
    with pytest.raises(ValueError, match="needs 'magic'"):
        replace(known, needs=("magic",))
    with pytest.raises(ValueError, match="low < high"):
        replace(known, bounds=(1.0, 0.0))
