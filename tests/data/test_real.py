"""The real image sets open by path alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from whence.data import check, cut, describe, open_dataset, split, survey

# name: (train, val, test, classes), from datasets.md
SETS = {
    "tiny_imagenet": (3600, 400, 500, 100),
    "cifar10": (900, 150, 250, 10),
    "flowers5": (500, 100, 200, 5),
    "dtd10": (400, 80, 120, 10),
    "isic2018": (574, 112, 175, 7),
    "chest_xray": (400, 80, 160, 2),
    "lung_histology": (300, 60, 105, 3),
    "white_blood_cells": (265, 50, 80, 4),
    "mednist": (840, 120, 240, 6),
    "breast_ultrasound": (283, 57, 113, 3),
    "eye_fundus": (280, 56, 120, 4),
    "adrenal3d": (1188, 98, 298, 2),
}
COUNTS = {
    "isic2018": {"akiec": 43, "bcc": 93, "bkl": 215, "df": 44, "mel": 171, "nv": 260, "vasc": 35},
    "white_blood_cells": {"eosinophil": 34, "lymphocyte": 89, "monocyte": 63, "neutrophil": 209},
    "chest_xray": {"NORMAL": 320, "PNEUMONIA": 320},
    "breast_ultrasound": {"benign": 160, "malignant": 160, "normal": 133},
    "adrenal3d": {"normal": 1234, "hyperplasia": 350},
    "mednist": dict.fromkeys(("AbdomenCT", "BreastMRI", "CXR", "ChestCT", "Hand", "HeadCT"), 200),
}

SIZES = {  # name: smallest and largest height and width, in pixels
    "tiny_imagenet": ((64, 64), (64, 64)),
    "cifar10": ((32, 32), (32, 32)),
    "flowers5": ((64, 64), (64, 64)),
    "isic2018": ((120, 160), (120, 160)),
    "chest_xray": ((224, 224), (224, 224)),
    "lung_histology": ((224, 224), (224, 224)),
    "mednist": ((64, 64), (64, 64)),
    "breast_ultrasound": ((160, 160), (160, 160)),
    "eye_fundus": ((224, 224), (224, 224)),
    "adrenal3d": ((64, 64), (64, 64)),
}


@pytest.mark.parametrize("name", SETS)
def test_every_set_opens_by_path_alone(real_data: Path, name: str) -> None:
    *splits, classes = SETS[name]
    dataset = open_dataset(real_data / "data" / name)
    assert dataset.name == name
    assert dataset.splits is not None
    assert [int((dataset.splits == split).sum()) for split in ("train", "val", "test")] == splits
    assert len(dataset.class_names) == classes
    if name in COUNTS:
        assert dataset.class_counts() == COUNTS[name]
    assert (dataset.groups is not None) == (name in ("isic2018", "adrenal3d"))
    if name == "tiny_imagenet":
        assert dataset.class_names[0] == "n01629819"


def test_sizes_channels_and_what_their_page_admits(real_data: Path) -> None:
    found = {name: describe(open_dataset(real_data / "data" / name)) for name in SETS}
    sizes = {name: (tuple(one["size"]["min"]), tuple(one["size"]["max"])) for name, one in found.items()}
    assert {name: sizes[name] for name in SIZES} == SIZES
    assert min(sizes["dtd10"][0]) == 128  # the shorter side
    assert sizes["white_blood_cells"][1] == (300, 300)
    grey = {name for name, one in found.items() if one["channels"] == 1}
    assert grey == {"chest_xray", "mednist", "breast_ultrasound", "adrenal3d"}

    def finding(name: str, words: str) -> dict[str, str]:
        (one,) = [one for one in found[name]["findings"] if words in one["what"]]
        return dict(one)

    assert "2 sets" in finding("lung_histology", "look nearly the same")["what"]
    assert (
        "4 sets in more than one of the given splits" in finding("eye_fundus", "look nearly the same")["what"]
    )
    camera = finding("eye_fundus", "border alone tells the class")
    assert camera["severity"] == "warning"
    assert "'diabetic_retinopathy'" in camera["what"]


@pytest.mark.parametrize("name", ["isic2018", "cifar10", "breast_ultrasound"])
def test_real_sets_can_be_surveyed_and_cut(real_data: Path, name: str) -> None:
    dataset = open_dataset(real_data / "data" / name)
    assert not [finding for finding in check(dataset, survey(dataset)) if finding.severity == "error"]
    for fold in cut(dataset):
        assert len(fold.test) == pytest.approx(len(dataset) / 10, abs=5)
        assert set(dataset.labels[fold.test]) == set(dataset.labels)
        if dataset.groups is not None:
            assert not set(dataset.groups[fold.test]) & set(dataset.groups[fold.train])
    assert len(split(dataset, seed=1).train) == pytest.approx(0.8 * len(dataset), abs=10)
    (official,) = cut(dataset, official=True)
    assert len(official.test) == SETS[name][2]
