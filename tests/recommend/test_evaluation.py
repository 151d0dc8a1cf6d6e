"""The published figures are met, and nothing of a left-out target reaches its own prediction."""

from __future__ import annotations

import pandas as pd
import pytest

from whence.errors import InputError
from whence.knowledge import published_outcomes, published_scores
from whence.recommend.evaluation import evaluate, predict_left_out, published_summary
from whence.recommend.experience import elsewhere, mean_rank, most_frequent_winner, standings
from whence.recommend.prior import learn_prior
from whence.recommend.reading import UNINFORMED, learn_reading


def _juodelyte() -> pd.DataFrame:
    outcomes = published_outcomes()
    return outcomes[outcomes["study"] == "juodelyte2024"]


def _figure(method: str, column: str) -> float:
    return float(published_summary()[column].to_dict()[method])


def test_static_baselines_reach_the_known_figures() -> None:
    assert _figure("mean rank", "weighted_tau") == pytest.approx(0.561, abs=5e-4)
    assert _figure("mean rank", "regret") == pytest.approx(0.0052, abs=5e-5)
    assert _figure("always", "regret") == pytest.approx(0.0052, abs=5e-5)
    assert _figure("probe", "weighted_tau") == pytest.approx(0.440, abs=5e-4)
    assert (published_summary()["targets"] == 11).all()


def test_ours_is_within_noise_of_the_mean_rank_and_its_intervals_hold() -> None:
    for method in ("experience", "experience and probe"):
        assert _figure(method, "weighted_tau") > 0.5
        assert _figure(method, "tau_gain_low") < 0 < _figure(method, "tau_gain_high")
        assert 0.85 <= _figure(method, "coverage90") <= 0.95


@pytest.mark.parametrize("probe", [False, True])
def test_a_tell_tale_in_the_left_out_target_reaches_nothing(probe: bool) -> None:
    outcomes, scores, target = _juodelyte(), published_scores(), "octmnist"
    told = outcomes.copy()
    mine = told["target"] == target
    told.loc[mine, "auc"] = told.loc[mine, "auc"].to_numpy()[::-1] * 0.5 + 0.4
    told.loc[mine & (told["source"] == "retinamnist"), "auc"] = 0.9999
    before = predict_left_out(standings(outcomes), scores, target, probe=probe)
    after = predict_left_out(standings(told), scores, target, probe=probe)
    pd.testing.assert_frame_equal(before, after, check_exact=True)


def test_evaluation_judges_only_what_is_asked() -> None:
    judged = evaluate(_juodelyte(), published_scores(), ["dermamnist"])
    assert set(judged["target"]) == {"dermamnist"}
    assert set(judged["method"]) == {"mean rank", "always", "experience", "experience and probe", "probe"}


def test_standings_average_folds_and_compare_within_a_table() -> None:
    table = pd.DataFrame(
        {
            "study": "s",
            "backbone": "b",
            "target": ["t"] * 5 + ["u"],
            "source": ["paper:a", "paper:a", "b", "c", "t", "a"],
            "auc": [0.7, 0.9, 0.6, 0.9, 0.99, 0.5],
        }
    )
    found = standings(table)
    assert list(found["source"]) == ["a", "b", "c"]  # t on t and the lonely u are left out
    assert list(found["rank"]) == [2, 3, 1]
    assert found["z"].sum() == pytest.approx(0)
    assert list(mean_rank(found).index) == ["c", "a", "b"]
    assert most_frequent_winner(found) == "c"
    assert most_frequent_winner(found, among={"a", "b"}) == "a"
    assert most_frequent_winner(elsewhere(found, "paper:t")) is None
    with pytest.raises(InputError, match="backbone"):
        standings(table.drop(columns="backbone"))


def test_few_outcomes_are_drawn_to_the_middle_and_unknown_ones_are_widest() -> None:
    prior = learn_prior(standings(published_outcomes()))
    often, once = prior.effects["imagenet"], prior.effects["kimia960"]
    assert often.targets > 10
    assert once.targets == 1
    assert often.variance < once.variance < prior.unknown.variance


def test_little_knowledge_is_no_error() -> None:
    nothing = standings(published_outcomes().head(0))
    assert learn_prior(nothing).effects == {}
    assert learn_reading(nothing, published_scores()) == UNINFORMED
    assert learn_reading(standings(_juodelyte()), published_scores().head(0)) == UNINFORMED


def test_the_reading_learns_that_a_probe_mostly_shows_the_source() -> None:
    reading = learn_reading(standings(_juodelyte()), published_scores())
    assert reading.pairs == 154
    assert 0 < reading.on_pair < reading.on_source
