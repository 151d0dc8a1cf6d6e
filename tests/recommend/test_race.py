"""The race spends what it may, looks at nothing that it has not run, and hands over the best of what it tried."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whence.errors import InputError
from whence.recommend.experience import standings
from whence.recommend.left_out import LeftOut, leave_out
from whence.recommend.pace import UNKNOWN_PACE, Pace, Run, learn_pace, measured_curves, observe
from whence.recommend.race import Track, Trial, next_step, spent, starters
from whence.recommend.racing import read_budget
from whence.recommend.replay import race_on_curves

SOURCES, TARGETS, FOLDS, EPOCHS = 8, 6, 5, 12
WHOLE = SOURCES * FOLDS * EPOCHS
NO_SCORES = pd.DataFrame(columns=["measure", "source", "target", "value"])


@pytest.fixture(scope="module")
def world() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Outcomes and curves in which source s5 is far ahead on target t0 and in the middle elsewhere."""
    random = np.random.default_rng(4)
    effects = random.normal(0, 0.5, SOURCES)
    effects[5] = 0.0
    curves, outcomes = [], []
    for target in range(TARGETS):
        particular = random.normal(0, 0.2, SOURCES)
        particular[5] = 1.5 if target == 0 else 0.0
        for source in range(SOURCES):
            final = 1.5 + effects[source] + particular[source]
            for fold in range(FOLDS):
                job = f"{target}.{source}.{fold}"
                off = random.normal(0, 0.1)
                for epoch in range(1, EPOCHS + 1):
                    seen = final - (1 - epoch / EPOCHS) ** 2 + off + random.normal(0, 0.05)
                    curves.append((job, epoch, 1 / (1 + np.exp(-seen))))
                auc = 1 / (1 + np.exp(-final))
                outcomes.append(("w", job, f"s{source}", f"t{target}", "b", fold, auc, EPOCHS, 50))
    columns = ["study", "job", "source", "target", "backbone", "fold", "auc", "epochs", "test_images"]
    table = pd.DataFrame(outcomes, columns=columns)
    return table, measured_curves(pd.DataFrame(curves, columns=["job", "epoch", "validation_auc"]), table)


@pytest.fixture(scope="module")
def case(world: tuple[pd.DataFrame, pd.DataFrame]) -> LeftOut:
    return leave_out(standings(world[0]), NO_SCORES, "t0")


@pytest.fixture(scope="module")
def pace(world: tuple[pd.DataFrame, pd.DataFrame]) -> Pace:
    curves = world[1]
    return learn_pace(curves[curves["target"] != "t0"])


def replayed(
    case: LeftOut, pace: Pace, curves: pd.DataFrame, share: float, order: list[int]
) -> tuple[str, float, str]:
    return race_on_curves(
        case.sources, case.believe().order, lambda runs: case.believe_observed(observe(runs, pace)), curves,
        share * WHOLE, order,
    )  # fmt: skip


@pytest.mark.parametrize("share", [0.1, 0.15, 0.3])
def test_a_source_that_experience_does_not_favour_is_found_within_the_budget(
    world: tuple[pd.DataFrame, pd.DataFrame], case: LeftOut, pace: Pace, share: float
) -> None:
    mine = world[1][world[1]["target"] == "t0"]
    picked, cost, over = replayed(case, pace, mine, share, list(range(FOLDS)))
    assert case.sources[case.believe().order[0]] != "s5"
    assert picked == "s5"
    assert 0 < cost <= share * WHOLE
    assert over in ("settled", "budget")


def test_nothing_but_the_validation_aucs_of_what_was_run_is_looked_at(
    world: tuple[pd.DataFrame, pd.DataFrame], case: LeftOut, pace: Pace
) -> None:
    mine = world[1][world[1]["target"] == "t0"].copy()
    found = replayed(case, pace, mine, 0.1, [2, 0, 1, 3, 4])
    told = mine.assign(final=0.99 - mine["final"] / 2)
    told.loc[told["fold"] == 4, "validation_auc"] = 0.999  # a fold that so small a race does not come to
    assert replayed(case, pace, told, 0.1, [2, 0, 1, 3, 4]) == found


def test_a_race_that_is_gone_through_again_takes_the_same_steps(
    world: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    """On a target where no source is far ahead, and with early epochs little trusted: several rounds and a duel."""
    pace = UNKNOWN_PACE
    mine = world[1][world[1]["target"] == "t1"]
    case = leave_out(standings(world[0]), NO_SCORES, "t1")
    curves = {key: tuple(run["validation_auc"]) for key, run in mine.groupby(["source", "fold"])}
    track = Track(SOURCES, FOLDS, EPOCHS, 0.2 * WHOLE)
    before = case.believe().order

    def go(stop_after: int) -> list[list[Trial]]:
        runs: dict[tuple[int, int], Run] = {}
        steps: list[list[Trial]] = []
        while len(steps) < stop_after:
            step = next_step(
                track, list(runs.values()), lambda seen: case.believe_observed(observe(seen, pace)), before
            )
            if not step.trials:
                break
            steps.append(step.trials)
            for t in step.trials:
                curve = curves[case.sources[t.source], t.fold][: t.epochs]
                runs[t.source, t.fold] = Run(t.source, t.fold, EPOCHS, curve, 50)
        return steps

    whole = go(99)
    assert len(whole) >= 3
    for stop in range(len(whole)):
        assert go(stop) == whole[:stop]
    assert [t.source for t in whole[0]][: len(before)] == before[: len(whole[0])]


def test_what_was_measured_before_takes_part_without_a_run(case: LeftOut, pace: Pace) -> None:
    before = case.believe().order
    known = frozenset(before[:2])
    track = Track(SOURCES, FOLDS, EPOCHS, 0.2 * WHOLE, known)
    step = next_step(track, [], lambda seen: case.believe_observed(observe(seen, pace)), before)
    assert step.trials
    assert not known & {trial.source for trial in step.trials}


def test_small_budgets_start_with_the_first_few_and_large_ones_with_more_folds() -> None:
    def start(budget: float) -> tuple[int, int]:
        return starters(Track(SOURCES, FOLDS, EPOCHS, budget))

    assert start(1) == (1, 1)
    assert 1 < start(45)[0] < SOURCES
    assert start(80) == (SOURCES, 1)
    assert start(WHOLE)[1] > 1


def test_costs_are_fold_epochs() -> None:
    assert spent([Run(0, 0, 12, (0.5,) * 3, 10), Run(0, 1, 12, (0.5,) * 12, 10)]) == 15


@pytest.mark.parametrize(
    ("text", "seconds", "sources"),
    [("30m", 1800, None), ("2h", 7200, None), ("1.5h", 5400, None), ("k=3", None, 3)],
)
def test_budgets_are_read(text: str, seconds: float | None, sources: float | None) -> None:
    found = read_budget(text)
    assert (found.seconds, found.sources) == (seconds, sources)


@pytest.mark.parametrize("text", ["", "30", "k=0", "0m", "three", "-3m", "k=x"])
def test_other_budgets_are_refused_with_what_is_accepted(text: str) -> None:
    with pytest.raises(InputError, match="30m or 2h, or k=3"):
        read_budget(text)
