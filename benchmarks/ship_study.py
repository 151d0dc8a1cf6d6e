"""Put what a study of ours has measured into the package: what `whence` knows from the start.

    python benchmarks/ship_study.py studies/medical-grid.yaml [--pace]

Reads the study's tables and those of `describe_study.py`; writes its outcomes, probes and targets into
src/whence/knowledge/published, with `--pace` also how soon its fine-tunings showed where they would end.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from whence.api import Study
from whence.knowledge.store import KEPT
from whence.recommend.pace import learn_pace, measured_curves
from whence.records import Outcome
from whence.study.experience import as_experience
from whence.study.plan import Plan

VALUES = ["body", "measure", "source", "target", "backbone", "value", "low", "high"]
SHIPPED = Path(__file__).parents[1] / "src" / "whence" / "knowledge" / "published"


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", type=Path)
    parser.add_argument("--pace", action="store_true")
    given = parser.parse_args()
    folder, name = given.study.with_suffix(""), given.study.stem
    study = Study.from_file(given.study)
    plan = study.plan(device="cpu")
    outcomes = experience(plan, study.outcomes(device="cpu"))
    outcomes.to_csv(SHIPPED / f"{name}_outcomes.csv", index=False)
    pd.read_csv(folder / "targets.csv").to_csv(SHIPPED / f"{name}_targets.csv", index=False)
    sources = [
        {"source": shipped_name(plan, n), "fingerprint": d.fingerprint} for n, d in plan.sources.items()
    ]
    pd.DataFrame(sources).to_csv(SHIPPED / f"{name}_sources.csv", index=False)
    probes = pd.read_csv(folder / "probes.csv", keep_default_na=False)
    probes["source"] = probes["source"].map(lambda source: shipped_name(plan, source))
    probes.to_csv(SHIPPED / f"{name}_probes.csv", index=False)
    for table in ("scores", "distances"):
        if (folder / f"{table}.csv").exists():
            values(plan, folder / f"{table}.csv").to_csv(SHIPPED / f"{name}_{table}.csv", index=False)
    if given.pace:
        measured = pd.read_csv(folder / "outcomes.csv", keep_default_na=False)
        pace = learn_pace(measured_curves(pd.read_csv(folder / "curves.csv"), measured))
        pd.DataFrame(asdict(pace)).round(5).to_csv(SHIPPED / f"{name}_pace.csv", index=False)
    print(f"{len(outcomes)} outcomes of {name} are in {SHIPPED}")


def values(plan: Plan, path: Path) -> pd.DataFrame:
    """A study's scores or distances, its sources by the names under which its outcomes are shipped."""
    table = pd.read_csv(path, keep_default_na=False, na_values={"low": [""], "high": [""]})
    table["source"] = table["source"].map(lambda source: shipped_name(plan, source))
    table = table.assign(body=plan.study.name).reindex(columns=VALUES)
    return table.sort_values(["measure", "target", "source"], kind="stable")


def shipped_name(plan: Plan, source: str) -> str:
    """A source goes by its number of images, too: 1,300 images of CIFAR-10 are not CIFAR-10."""
    if source in plan.sources:
        return f"{source}[n={len(plan.sources[source])}]"
    return plan.trained_on.get(source, source)


def experience(plan: Plan, rows: Sequence[Outcome]) -> pd.DataFrame:
    """A study's outcomes as the knowledge base keeps them, without the path of this machine."""
    prints = {name: dataset.fingerprint for name, dataset in plan.targets.items()}
    names = {label: shipped_name(plan, label) for label in plan.trained_on}
    table = pd.DataFrame(as_experience(rows, names, prints))
    kept: pd.DataFrame = table[[column for column in KEPT if column != "provenance"]].round({"auc": 6})
    return kept.sort_values(["target", "source", "fold"], kind="stable")


if __name__ == "__main__":
    main()
