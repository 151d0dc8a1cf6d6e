"""The real image sets open by path alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from whence.data import check, cut, open_dataset, split, survey

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
