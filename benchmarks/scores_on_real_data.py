"""Every score of five sources on targets of real images, beside the AUCs measured for those pairs.

    python benchmarks/scores_on_real_data.py DATA WEIGHTS -o studies/scores-on-real-data

DATA is a folder of datasets, WEIGHTS one of weights files (docs/data.md says where ours came from). Sources that are
datasets must have been pretrained on before (`whence pretrain DATA/tiny_imagenet --backbone resnet18`, and dtd10).
Writes `scores.csv`, all values with their 90 % intervals, and `agreement.csv`: how well each score's order agrees with
the AUCs of `studies/first-look/outcomes.csv`, and both static baselines. Two targets measured, four sources each:
far too few to tell measures apart, as the column `orders` says.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import weightedtau

import whence
from whence.api import scores_document

TARGETS = ("chest_xray", "white_blood_cells", "breast_ultrasound", "eye_fundus", "isic2018")
WEIGHTS = ("resnet18_imagenet1k_ktb", "resnet50_imagenet1k_ktb")
PRETRAINED = ("tiny_imagenet", "dtd10")
OUTCOMES = Path(__file__).parents[1] / "studies" / "first-look" / "outcomes.csv"


def score_all(data: Path, weights: Path, draws: int) -> pd.DataFrame:
    """One row per measure, source and target."""
    sources = [f"file:{weights / name}.safetensors" for name in WEIGHTS]
    sources += [str(data / name) for name in PRETRAINED] + ["none"]
    rows = []
    for target in TARGETS:
        started = time.perf_counter()
        found = whence.scores(
            data / target, sources, backbone="resnet18", device="cpu", draws=draws, say=print
        )
        rows += scores_document(found)["values"]
        print(f"{target}: {time.perf_counter() - started:.0f} s, load {os.getloadavg()[0]:.1f}", flush=True)
    table = pd.DataFrame(rows)
    table["warned"] = table.pop("note") != ""
    return table.drop(columns=["kind"]).round({"value": 6, "low": 6, "high": 6, "seconds": 3})


def agreement(scores: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Per measure and per static baseline: mean weighted τ with the measured AUCs over targets, and the AUC lost by
    the first pick. A source's AUC is the mean over folds; a source without a score is left out of that τ.
    """
    measured = outcomes.groupby(["target", "source"])["auc"].mean().unstack("target")
    ranks = measured.rank(ascending=False)
    rows = []
    for name, table in scores.groupby("measure"):
        rows.append(
            {"ranking by": name}
            | _judged(measured, table.pivot(index="source", columns="target", values="value"))
        )
    others = pd.DataFrame({t: -ranks.drop(columns=t).mean(axis=1) for t in measured})
    rows.append({"ranking by": "baseline: mean rank on the other target"} | _judged(measured, others))
    winners = pd.DataFrame(
        {t: (measured.drop(columns=t).rank(ascending=False) == 1).sum(axis=1) for t in measured}
    )
    always = _judged(measured, winners.astype(float)) | {
        "weighted tau": np.nan,
        "lowest": np.nan,
        "highest": np.nan,
    }
    rows.append({"ranking by": "baseline: always the winner elsewhere"} | always)
    return pd.DataFrame(rows).sort_values("weighted tau", ascending=False, na_position="last").round(4)


def _judged(measured: pd.DataFrame, values: pd.DataFrame) -> dict[str, float]:
    taus, lost, orders = [], [], []
    for target in measured:
        both = pd.DataFrame({"auc": measured[target], "value": values[target]}).dropna()
        taus.append(weightedtau(both["value"], both["auc"]).statistic)
        lost.append(both["auc"].max() - both["auc"][both["value"].idxmax()])
        orders.append(len(both))
    return {
        "weighted tau": float(np.mean(taus)),
        "lowest": float(np.min(taus)),
        "highest": float(np.max(taus)),
        "AUC lost": float(np.mean(lost)),
        "targets": len(taus),
        "orders": "; ".join(f"{n} sources" for n in orders),
    }


def main() -> None:
    """Score, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=20)
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    scores = score_all(given.data, given.weights, given.draws)
    scores.to_csv(given.output / "scores.csv", index=False)
    judged = agreement(scores, pd.read_csv(OUTCOMES))
    judged.to_csv(given.output / "agreement.csv", index=False)
    print(judged.to_string(index=False))


if __name__ == "__main__":
    main()
