"""The ranking judged and the race replayed on recorded curves: how good is the first pick, at what cost.

    python benchmarks/race_on_grid.py studies/medical-grid [studies/medical-variants] [--budget 0.15] [--seeds 200]

Each target with all its folds measured from three sources or more is left out in turn, with its whole family of
targets: experience, pace and prior are learned from the others (and, with --published, the published outcomes). Then
the race of `whence rank` runs with `--budget` of the fold-epochs that fine-tuning every source on every fold would
take, and sees validation AUCs only of what it has run, and the probes. A seed is an order of folds. Beside it, at the
same cost: the first sources by mean rank fine-tuned on all folds (one at least, even where the budget is less), and
one fold each of as many sources as the budget allows, by mean rank, the best validation AUC taken. Judged by the mean
test AUC over all folds: `near` is the share of picks within half an AUC point of the best, `regret` the AUC lost. Of
what is known before anything is tried (spent: 0) the weighted τ is told, too, and how many AUCs lie in their intervals.
What could be reached at all: every source on every fold (spent: 1), the best mean validation AUC taken.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import weightedtau

from whence.knowledge import family_of, plain_name, published_outcomes
from whence.recommend.experience import logit, mean_rank, most_frequent_winner, standings
from whence.recommend.model import NOTHING, ROPE, believe
from whence.recommend.pace import learn_pace, measured_curves
from whence.recommend.reading import learn_from_probes
from whence.recommend.replay import race_on_curves
from whence.recommend.situation import Candidate, Situation, look_at

IMAGENET = "file:resnet18_imagenet1k_ktb"


@dataclass(frozen=True)
class Studied:
    """What studies have measured: outcomes (means over folds are the truth), curves, and probes by fold."""

    outcomes: pd.DataFrame
    curves: pd.DataFrame
    probes: pd.DataFrame


def main() -> None:
    """Print a line per target and one over all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("studies", type=Path, nargs="+")
    parser.add_argument("--budget", type=float, default=0.15)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--published", action="store_true")
    parser.add_argument("--no-probes", action="store_true")
    given = parser.parse_args()
    studied = read(given.studies, with_probes=not given.no_probes)
    known = [published_outcomes()] if given.published else []
    targets = [str(target) for target in studied.outcomes["target"].unique()]
    found = pd.DataFrame(
        row for target in targets for row in replay_all(target, studied, known, given.budget, given.seeds)
    )
    columns = ["near", "regret", "spent", "tau", "coverage"]
    print(found.groupby(["target", "method"])[columns].mean().round(4).to_string())
    by_target = found.groupby(["method", "target"])[columns].mean()
    print(by_target.groupby("method").mean().round(4).to_string())
    print(paired(by_target["regret"].unstack("method")).round(4).to_string())
    print(f"{len(targets)} targets, {given.seeds} seeds; load {os.getloadavg()[0]:.1f}")


def read(studies: Sequence[Path], *, with_probes: bool) -> Studied:
    """Those targets and sources that were measured on all folds that their study has of them."""
    outcomes, curves, probes = [], [], []
    for study in studies:
        table = pd.read_csv(study / "outcomes.csv", keep_default_na=False).astype({"auc": float})
        table["source"] = table["source"].replace(IMAGENET, "imagenet").map(plain_name)
        counts = table.groupby(["target", "source"])["fold"].transform("size")
        table = table[counts == counts.groupby(table["target"]).transform("max")]
        table = table[table.groupby("target")["source"].transform("nunique") >= 3]
        outcomes.append(table)
        curves.append(measured_curves(pd.read_csv(study / "curves.csv"), table))
        if with_probes:
            probes.append(pd.read_csv(study / "probes.csv", keep_default_na=False))
    shown = pd.concat(probes) if probes else pd.DataFrame(columns=["target", "source", "fold", "auc"])
    return Studied(
        pd.concat(outcomes, ignore_index=True),
        pd.concat(curves, ignore_index=True),
        shown.assign(source=shown["source"].replace(IMAGENET, "imagenet")),
    )


def replay_all(
    target: str, studied: Studied, known: Sequence[pd.DataFrame], budget: float, seeds: int
) -> list[dict[str, object]]:
    """Every seed's race on one target."""
    outcomes, curves, probes, *others = (
        table[table["target"].map(family_of) != family_of(target)]
        for table in (studied.outcomes, studied.curves, studied.probes, *known)
    )
    mine = studied.curves[studied.curves["target"] == target]
    probed = studied.probes[studied.probes["target"] == target].sort_values("fold")
    sources = sorted(mine["source"].unique())
    candidates = [
        Candidate(source, source, list(probed.loc[probed["source"] == source, "auc"])) for source in sources
    ]
    situation = look_at(
        candidates,
        pd.concat([outcomes, *others], ignore_index=True),
        target,
        pace=learn_pace(curves),
        reading=learn_from_probes(standings(outcomes), probes),
    )
    rows = [*judged(situation, mine), *replayed(situation, mine, budget, seeds)]
    return [{"target": target} | row for row in rows]


def judged(situation: Situation, mine: pd.DataFrame) -> Iterator[dict[str, object]]:
    """A row for each way to rank before anything is tried."""
    sources = [candidate.source for candidate in situation.here]
    truth = mine.groupby("source")["final"].first().reindex(sources)
    belief = situation.believe()
    never = replace(
        situation, here=[replace(candidate, probe=None) for candidate in situation.here]
    ).believe()
    at_once = believe(situation.evidence, NOTHING, situation.prior, situation.reading)
    inside = np.nan
    if belief.low is not None and belief.high is not None:
        inside = float(((belief.low <= logit(truth)) & (logit(truth) <= belief.high)).mean())
    ranks, winner = mean_rank(situation.standing), most_frequent_winner(situation.standing, among=sources)
    probes = [np.mean(c.probe) if c.probe else np.nan for c in situation.here]
    ways = {
        "mean rank": (-ranks.reindex(sources).fillna(ranks.mean()).to_numpy(), np.nan),
        "always the winner": (np.array([float(source == winner) for source in sources]), np.nan),
        "experience": (never.expected, np.nan),
        "rank, nothing tried": (belief.expected, inside),
        "rank, probes at once": (at_once.expected, np.nan),
        "probe alone": (np.nan_to_num(np.array(probes)), np.nan),
    }
    last = mine[mine["epoch"] == mine["epochs"]].groupby("source")["validation_auc"].mean()
    ways["everything, by validation AUC"] = (last.reindex(sources).to_numpy(), np.nan)
    for method, (order, coverage) in ways.items():
        pick = sources[int(np.argmax(order))]
        lost = float(truth.max() - truth[pick])
        tau = np.nan if method == "always the winner" else float(weightedtau(order, truth).statistic)
        spent = float(method.startswith("everything"))
        row = {"method": method, "pick": pick, "near": lost <= ROPE, "regret": lost, "spent": spent}
        yield {**row, "tau": tau, "coverage": coverage}


def replayed(
    situation: Situation, mine: pd.DataFrame, budget: float, seeds: int
) -> Iterator[dict[str, object]]:
    """A row per method and seed: whether its pick is near the best, the AUC it lost, the share it spent."""
    sources = [candidate.source for candidate in situation.here]
    truth = mine.groupby("source")["final"].first()
    folds, epochs = mine["fold"].nunique(), int(mine["epochs"].max())
    whole = len(truth) * folds * epochs
    ranked = [str(name) for name in mean_rank(situation.standing).index if name in truth.index]
    ranked += [name for name in sources if name not in ranked]
    race = cache(
        lambda order: race_on_curves(
            sources, situation.before, situation.believe, mine, budget * whole, order
        )
    )
    for seed in range(seeds):
        order = tuple(map(int, np.random.default_rng(seed).permutation(sorted(mine["fold"].unique()))))
        pick, cost, over = race(order)
        picks = {
            "race": (pick, cost / whole, over),
            "whole sources by mean rank": (*naive_whole(ranked, truth, budget), ""),
            "one fold each by mean rank": (*naive_fold(ranked, mine, order[0], budget, folds), ""),
        }
        for method, (source, share, ended) in picks.items():
            lost = float(truth.max() - truth[source])
            row = {"method": method, "seed": seed, "pick": source, "over": ended}
            yield {**row, "near": lost <= ROPE, "regret": lost, "spent": share}


def paired(regret: pd.DataFrame) -> pd.DataFrame:
    """Regret of each method less the race's: mean over families of targets, 95 % interval by a bootstrap of them."""
    off = regret.sub(regret["race"], axis=0).drop(columns="race")
    families = pd.Series([family_of(str(target)) for target in off.index], index=off.index)
    by_family = off.groupby(families).mean()
    draws = np.random.default_rng(0).integers(0, len(by_family), (2000, len(by_family)))
    low, high = np.quantile(by_family.to_numpy()[draws].mean(axis=1), [0.025, 0.975], axis=0)
    columns = {"lost more than the race": by_family.mean(), "low": low, "high": high}
    return pd.DataFrame(columns, index=by_family.columns)


def naive_whole(ranked: Sequence[str], truth: pd.Series, budget: float) -> tuple[str, float]:
    """The best of the first sources by mean rank, fine-tuned on all folds."""
    tries = max(1, int(budget * len(truth)))
    return str(truth[list(ranked[:tries])].idxmax()), tries / len(truth)


def naive_fold(
    ranked: Sequence[str], mine: pd.DataFrame, fold: int, budget: float, folds: int
) -> tuple[str, float]:
    """The best on one fold, by validation AUC after its last epoch, of as many sources as the budget allows."""
    tries = max(1, min(int(budget * len(ranked) * folds), len(ranked)))
    last = mine[(mine["fold"] == fold) & (mine["epoch"] == mine["epochs"])].set_index("source")
    return str(last["validation_auc"].reindex(list(ranked[:tries])).idxmax()), tries / (len(ranked) * folds)


if __name__ == "__main__":
    main()
