"""The race replayed on a study's recorded curves: how often its pick is as good as the best, at what cost.

    python benchmarks/race_on_grid.py studies/medical-grid [--budget 0.15] [--seeds 200] [--published]

Each target with all its folds measured from three sources or more is left out in turn: experience, pace and prior are
learned from the study's other targets (and, with --published, the published outcomes). Then the race runs with
`--budget` of the fold-epochs that fine-tuning every source on every fold would take, and sees validation AUCs only of
what it has run. A seed is an order of folds. Beside it, at the same cost: the first sources by mean rank fine-tuned
on all folds (one at least, even where the budget is less), and one fold each of as many sources as the budget allows,
by mean rank, the best validation AUC taken. Judged by the mean test AUC over all folds.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from whence.knowledge import plain_name, published_outcomes, published_scores
from whence.recommend.experience import standings
from whence.recommend.left_out import LeftOut, leave_out
from whence.recommend.pace import learn_pace, measured_curves
from whence.recommend.replay import race_on_curves

EQUIVALENT = 0.005  # AUC: half a point, the region of practical equivalence
IMAGENET = "file:resnet18_imagenet1k_ktb"


def main() -> None:
    """Print a line per target and one over all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--budget", type=float, default=0.15)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--published", action="store_true")
    given = parser.parse_args()
    outcomes, curves = read(given.study)
    known = [published_outcomes()] if given.published else []
    standing = standings(pd.concat([outcomes, *known], ignore_index=True))
    with threadpool_limits(1):
        found = pd.DataFrame(
            row
            for target in outcomes["target"].unique()
            for row in replayed(str(target), standing, curves, given.budget, given.seeds)
        )
    shown = found.groupby(["target", "method"]).agg(
        near=("near", "mean"), regret=("regret", "mean"), spent=("spent", "mean")
    )
    print(shown.round(4).to_string())
    over_all = found.groupby("method")[["near", "regret", "spent"]].mean()
    print(over_all.round(4).to_string())
    print(f"{outcomes['target'].nunique()} targets, {given.seeds} seeds; load {os.getloadavg()[0]:.1f}")


def read(study: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A study's outcomes, of those targets and sources that were measured on all folds, and their curves."""
    outcomes = pd.read_csv(study / "outcomes.csv", keep_default_na=False)
    outcomes["source"] = outcomes["source"].replace(IMAGENET, "imagenet").map(plain_name)
    counts = outcomes.groupby(["target", "source"])["fold"].transform("size")
    outcomes = outcomes[counts == counts.groupby(outcomes["target"]).transform("max")]
    sources = outcomes.groupby("target")["source"].transform("nunique")
    outcomes = outcomes[sources >= 3].astype({"auc": float})
    return outcomes, measured_curves(pd.read_csv(study / "curves.csv"), outcomes)


def replayed(
    target: str, standing: pd.DataFrame, curves: pd.DataFrame, budget: float, seeds: int
) -> Iterator[dict[str, object]]:
    """A row per method and seed: whether its pick is near the best, the AUC it lost, the share it spent."""
    case = leave_out(standing, published_scores(), target)
    mine, pace = curves[curves["target"] == target], learn_pace(curves[curves["target"] != target])
    truth = mine.groupby("source")["final"].first()
    folds, epochs = mine["fold"].nunique(), int(mine["epochs"].max())
    whole = len(truth) * folds * epochs
    case = LeftOut(
        case.target, tuple(truth.index), case.mean_ranks.reindex(truth.index), case.winner, case.prior, case.reading,
        case.probes,
    )  # fmt: skip
    for seed in range(seeds):
        order = [int(fold) for fold in np.random.default_rng(seed).permutation(sorted(mine["fold"].unique()))]
        pick, cost, _ = race_on_curves(case, mine, pace, budget * whole, order)
        picks = {"race": (pick, cost / whole)}
        picks["whole sources by mean rank"] = naive_whole(case, truth, budget, folds)
        picks["one fold each by mean rank"] = naive_fold(case, mine, order[0], budget, folds)
        for method, (source, share) in picks.items():
            lost = float(truth.max() - truth[source])
            yield {
                "target": target,
                "method": method,
                "near": lost <= EQUIVALENT,
                "regret": lost,
                "spent": share,
            }


def naive_whole(case: LeftOut, truth: pd.Series, budget: float, folds: int) -> tuple[str, float]:
    """The best of the first sources by mean rank, fine-tuned on all folds."""
    tries = max(1, int(budget * len(truth)))
    first = case.mean_ranks.sort_values(kind="stable").index[:tries]
    return str(truth[first].idxmax()), tries / len(truth)


def naive_fold(case: LeftOut, mine: pd.DataFrame, fold: int, budget: float, folds: int) -> tuple[str, float]:
    """The best on one fold, by validation AUC after its last epoch, of as many sources as the budget allows."""
    tries = max(1, min(int(budget * len(case.sources) * folds), len(case.sources)))
    first = case.mean_ranks.sort_values(kind="stable").index[:tries]
    last = mine[(mine["fold"] == fold) & (mine["epoch"] == mine["epochs"])].set_index("source")
    shown = last["validation_auc"].reindex(first)
    return str(shown.idxmax()), tries / (len(case.sources) * folds)


if __name__ == "__main__":
    sys.exit(main())
