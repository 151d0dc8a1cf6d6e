"""What targets are like, and how unlike two of them are."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from whence.api import Study, open_dataset
from whence.errors import InputError
from whence.knowledge import Descriptor, describe, difference, known_descriptors, remember_descriptor
from whence.paths import home

XRAYS = Descriptor("X-ray", 1, 2, 5856)


def test_alike_and_wholly_different() -> None:
    assert difference(XRAYS, XRAYS) == 0.0
    assert difference(XRAYS, Descriptor("histopathology", 3, 20, 5)) == 1.0
    assert difference(XRAYS, Descriptor("microscopy", 3, 8, 17092)) == difference(
        Descriptor("microscopy", 3, 8, 17092), XRAYS
    )


def test_the_difference_is_the_mean_over_the_facts_that_are_known() -> None:
    """By hand: classes 2 and 4 differ by log10 2, images 100 and 1,000 by a third of the way to thousandfold."""
    a, b = Descriptor(None, 1, 2, 100), Descriptor("CT", 1, 4, 1000)
    assert difference(a, b) == pytest.approx((0 + math.log10(2) + 1 / 3) / 3)
    c = Descriptor("X-ray", 1, 2, 100)
    assert difference(c, b) == pytest.approx((0 + math.log10(2) + 1 / 3 + 1) / 4)


def test_published_targets_are_known_by_what_their_makers_say() -> None:
    known = known_descriptors()
    assert known["pneumoniamnist"] == Descriptor("X-ray", 1, 2, 5856)
    assert known["bloodmnist"] == Descriptor("microscopy", 3, 8, 17092)
    assert known["isic2018"] == Descriptor("dermatoscopy", 3, 7, 10015)
    assert known["organamnist"].kind == "CT"


def test_a_study_leaves_what_its_targets_are_like_and_no_picture(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    folder = picture_folder(("healthy", "ill"), per_class=8, name="xrays")
    assert describe(open_dataset(folder)) == Descriptor(None, 3, 2, 16)
    fields = {
        "name": "s",
        "sources": ["none"],
        "targets": [str(folder)],
        "backbone": "test_resnet",
        "recipe": {"base": "small", "size": 16, "epochs": 1, "batch": 8},
        "folds": 2,
    }
    Study.from_fields(fields, tmp_path / "s").run(engine="inline", device="cpu")
    assert known_descriptors()["xrays"] == Descriptor(None, 3, 2, 16)
    (kept,) = (home() / "knowledge" / "targets").glob("*.json")
    assert json.loads(kept.read_text()) == {
        "name": "xrays",
        "kind": None,
        "channels": 3,
        "classes": 2,
        "images": 16,
    }
    kept.write_text("{}")
    with pytest.raises(InputError, match=r"does not describe a target .* delete it"):
        known_descriptors()


def test_what_a_study_s_file_said_of_the_images_holds_where_their_card_is_silent(
    picture_folder: Callable[..., Path],
) -> None:
    dataset = open_dataset(picture_folder(("healthy", "ill"), per_class=8, name="xrays"))
    other = open_dataset(picture_folder(("a", "b"), per_class=6, name="others"))
    assert describe(dataset).kind is None
    remember_descriptor("xrays", replace(dataset, card=replace(dataset.card, modality="X-ray (chest)")))
    assert describe(dataset) == Descriptor("X-ray", 3, 2, 16)
    assert describe(replace(dataset, card=replace(dataset.card, modality="CT"))).kind == "CT"
    assert describe(other).kind is None
