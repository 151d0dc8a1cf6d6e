"""What is shipped of our own grid is what its studies' tables say, and what is learned from it is in use."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whence.api import Study, open_dataset
from whence.knowledge import (
    grid_outcomes,
    grid_probes,
    grid_sources,
    grid_targets,
    known_descriptors,
    source_name,
)
from whence.knowledge.grid import GRID
from whence.recommend.pace import learn_pace, measured_curves, shipped_pace
from whence.recommend.situation import Candidate, look_at

STUDIES = Path(__file__).parents[2] / "studies"


def table(study: str, name: str) -> pd.DataFrame:
    return pd.read_csv(STUDIES / study / f"{name}.csv", keep_default_na=False)


def plain(sources: pd.Series) -> pd.Series:
    """The sources as the study's own tables call them."""
    return sources.str.replace(r"\[n=\d+\]$", "", regex=True).replace(
        "imagenet", "file:resnet18_imagenet1k_ktb"
    )


@pytest.mark.parametrize("study", GRID)
def test_every_outcome_of_the_study_is_shipped_and_no_other(study: str) -> None:
    measured = table(study, "outcomes")
    shipped = grid_outcomes().query(f"study == '{study}'")
    names = plain(shipped["source"])
    found = dict(
        zip(zip(names, shipped["target"], shipped["fold"], strict=True), shipped["auc"], strict=True)
    )
    wanted = dict(
        zip(
            zip(measured["source"], measured["target"], measured["fold"], strict=True),
            measured["auc"],
            strict=True,
        )
    )
    assert found.keys() == wanted.keys()
    assert len(found) == len(shipped) == len(measured)
    assert [found[key] for key in wanted] == pytest.approx(list(wanted.values()), abs=1e-6)


@pytest.mark.parametrize("study", GRID)
def test_every_pair_has_its_probe_and_every_target_its_description(study: str) -> None:
    measured = table(study, "outcomes")
    pairs = set(zip(measured["source"], measured["target"], strict=True))
    probes = grid_probes().query("target in @measured.target")
    assert pairs <= set(zip(plain(probes["source"]), probes["target"], strict=True))
    assert set(probes["source"]) == set(grid_outcomes()["source"])
    assert probes["auc"].between(0, 1).all()
    assert set(measured["target"]) <= set(grid_targets()["target"]) <= set(known_descriptors())


def test_the_pace_in_use_is_the_one_learned_from_the_grid_s_curves() -> None:
    learned = learn_pace(measured_curves(table("medical-grid", "curves"), table("medical-grid", "outcomes")))
    for name, values in asdict(shipped_pace()).items():
        np.testing.assert_allclose(values, asdict(learned)[name], atol=1e-5)
    situation = look_at([Candidate("none", "none")], grid_outcomes(), "mine")
    assert np.array_equal(situation.pace.shift, shipped_pace().shift)
    assert shipped_pace().shares[-1] == 1.0
    assert (np.diff(shipped_pace().shift) < 0).all()  # later epochs show more of the end


def test_the_same_images_are_the_grid_s_source_and_others_of_that_name_are_not() -> None:
    for fingerprint, source in grid_sources().items():
        assert source_name("whatever", fingerprint) == source
    assert source_name("cifar10", "other images") == "cifar10"
    assert set(grid_sources().values()) == set(grid_outcomes()["source"]) - {"none", "imagenet"}


def test_a_study_of_the_grid_s_own_sources_is_joined_with_it(real_data: Path, tmp_path: Path) -> None:
    fields = {
        "name": "again", "sources": [str(real_data / "data" / "dtd10"), "none"], "backbone": "test_resnet",
        "targets": [str(real_data / "data" / "flowers5")], "recipe": {"base": "small", "size": 16},
    }  # fmt: skip
    found = Study.from_fields(fields, tmp_path / "again").plan(device="cpu").trained_on
    assert found == {"dtd10": "dtd10[n=600]", "none": "none"}
    images = open_dataset(real_data / "data" / "isic2018")
    assert source_name(images.name, images.fingerprint) == "isic2018[n=861]"
