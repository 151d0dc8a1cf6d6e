"""The ranking and the race on our own grid, each target left out with its family: what docs/evidence.md tells."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whence.knowledge import published_outcomes

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> Any:
    """benchmarks/race_on_grid.py, which is no part of the package."""
    spec = spec_from_file_location("race_on_grid", ROOT / "benchmarks" / "race_on_grid.py")
    assert spec and spec.loader  # noqa: PT018
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def studied(script: Any) -> Any:
    return script.read([ROOT / "studies" / "medical-grid"], with_probes=True)


@pytest.fixture(scope="module")
def replays(script: Any, studied: Any) -> pd.DataFrame:
    rows = [
        row
        for target in sorted(studied.outcomes["target"].unique())
        for row in script.replay_all(target, studied, [published_outcomes()], 0.15, 3)
    ]
    return pd.DataFrame(rows)


def test_the_grid_is_whole(studied: Any) -> None:
    counts = studied.outcomes.groupby("target")["source"].nunique()
    assert len(counts) == 6
    assert (counts >= 7).all()  # a source is not tried on itself
    assert (studied.outcomes.groupby(["target", "source"]).size() == 5).all()


def test_the_race_keeps_to_its_budget_and_loses_no_more_than_naive_ones(replays: pd.DataFrame) -> None:
    regret = replays.groupby("method")["regret"].mean().to_dict()
    race = replays[replays["method"] == "race"]
    assert race["spent"].le(0.15).all()
    assert race["near"].astype(float).mean() >= 0.8
    for naive in ("whole sources by mean rank", "one fold each by mean rank"):
        assert regret["race"] <= regret[naive] + 1e-9


def test_intervals_hold_before_anything_is_tried(replays: pd.DataFrame) -> None:
    coverage = replays.loc[replays["method"] == "rank, nothing tried", "coverage"]
    assert len(coverage) == 6
    assert coverage.mean() > 0.85


def test_what_the_left_out_target_reached_changes_no_pick(script: Any, studied: Any) -> None:
    """A tell-tale: the target's test AUCs turned round, in outcomes and curves, and those of its relatives."""
    told = replace(
        studied,
        outcomes=studied.outcomes.assign(
            auc=np.where(studied.outcomes["target"] == "eye_fundus", 0.999, studied.outcomes["auc"])
        ),
        curves=studied.curves.assign(
            final=np.where(studied.curves["target"] == "eye_fundus", 0.51, studied.curves["final"])
        ),
    )
    ways = [script.replay_all("eye_fundus", one, [], 0.15, 2) for one in (studied, told)]
    before, after = (
        [(row["method"], row["pick"]) for row in rows if _sees_only_validation(row)] for rows in ways
    )
    assert before == after
    assert len(before) > 5


def _sees_only_validation(row: dict[str, Any]) -> bool:
    return not str(row["method"]).startswith("whole sources")
