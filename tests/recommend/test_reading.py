"""What probes say is learned from pairs that have both: planted coefficients and levels come back."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from whence.knowledge import grid_outcomes, grid_probes
from whence.recommend.experience import elsewhere, standings
from whence.recommend.model import NOTHING, Evidence, believe
from whence.recommend.prior import INDIFFERENT, Effect
from whence.recommend.reading import LEVEL_SD, UNINFORMED, Reading, learn_from_probes, shipped_reading


def planted(lift: float, noise: float, targets: int = 30) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Outcomes, and probes that lie `lift` below them in logit, give or take `noise`."""
    random = np.random.default_rng(3)
    effects = random.normal(0, 0.4, 8)
    outcomes, probes = [], []
    for target in range(targets):
        final = 1.0 + 0.1 * target / targets + effects + random.normal(0, 0.4, 8)
        for source, value in enumerate(final):
            outcomes.append(("s", f"s{source}", f"t{target}", "b", expit(value)))
            shown = expit(value - lift + random.normal(0, noise))
            probes += [(f"t{target}", f"s{source}", fold, shown) for fold in range(3)]
    return (
        pd.DataFrame(outcomes, columns=["study", "source", "target", "backbone", "auc"]),
        pd.DataFrame(probes, columns=["target", "source", "fold", "auc"]),
    )


def test_probes_that_are_the_outcomes_tell_the_place_and_the_level() -> None:
    outcomes, probes = planted(lift=0.8, noise=0.0)
    found = learn_from_probes(standings(outcomes), probes)
    assert found.on_pair == pytest.approx(1.0, abs=0.02)
    assert found.on_source == pytest.approx(0.0, abs=0.05)
    assert found.noise == pytest.approx(0.05)  # the least
    assert found.level == pytest.approx(0.8, abs=1e-9)
    assert found.pairs == 240


def test_noise_is_noise() -> None:
    outcomes, probes = planted(lift=-0.3, noise=5.0, targets=40)
    found = learn_from_probes(standings(outcomes), probes)
    assert abs(found.on_pair) < 0.2
    assert found.noise > 0.6
    assert abs(found.level + 0.3) < 4 * found.level_sd


def test_relatives_count_once_for_the_level_and_too_few_tell_nothing() -> None:
    outcomes, probes = planted(lift=0.5, noise=0.0, targets=5)
    probes.loc[probes["target"] == "t4", "auc"] = 0.5  # one target on which fine-tuning lifts far more
    final = outcomes.loc[outcomes["target"] == "t4", "auc"].to_numpy()
    lifts = [0.5, 0.5, 0.5, 0.5, float(np.log(final / (1 - final)).mean())]
    apart = learn_from_probes(standings(outcomes), probes)
    names = {"t3": "t4[n=9]", "t4": "t4"}
    together = learn_from_probes(
        standings(outcomes.replace({"target": names})), probes.replace({"target": names})
    )
    assert apart.level == pytest.approx(np.mean(lifts))
    assert together.level == pytest.approx(np.mean([*lifts[:3], np.mean(lifts[3:])]))
    assert apart.level_sd == pytest.approx(np.std(lifts, ddof=1) * np.sqrt(1.2))
    two = ["t0", "t1"]
    few = learn_from_probes(
        standings(outcomes[outcomes["target"].isin(two)]), probes[probes["target"].isin(two)]
    )
    assert (few.level, few.level_sd) == (0.0, LEVEL_SD)
    assert learn_from_probes(standings(outcomes), probes.head(0)) == UNINFORMED


def test_the_level_learned_moves_what_is_predicted_and_its_interval() -> None:
    evidence = [Evidence(Effect(0.0, 0.1, 3), (1.0, 0.01), of_level=True)] * 3

    def predicted(level: float, sd: float) -> tuple[float, float]:
        found = believe(evidence, NOTHING, INDIFFERENT, Reading(0.0, 0.0, 1.0, 0, level, sd))
        assert found.mean is not None and found.low is not None and found.high is not None  # noqa: PT018
        return float(found.mean[0]), float(found.high[0] - found.low[0])

    assert predicted(0.6, 0.2)[0] - predicted(0.0, 0.2)[0] == pytest.approx(0.6, abs=1e-6)
    assert predicted(0.0, 0.8)[1] > predicted(0.0, 0.1)[1]


def test_what_is_shipped_is_learned_from_our_grid_without_the_target_itself() -> None:
    found = shipped_reading("mine")
    assert found.pairs >= 25
    assert found.on_pair + found.on_source > 0.2  # probes do show something
    assert 0 < found.level < 2
    assert math.isfinite(found.level_sd)
    told = grid_probes()
    told.loc[told["target"] == "chest_xray", "auc"] = 0.5
    others = elsewhere(standings(grid_outcomes()), "chest_xray")
    assert shipped_reading("chest_xray") == learn_from_probes(others, elsewhere(told, "chest_xray"))
    assert shipped_reading("chest_xray") != found
