"""What a report is made of: everything that came of a study, as plain tables and mappings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from whence.records import CurvePoint, Outcome, Prediction, Pretraining, Value, column_names


def empty_table(record: type) -> pd.DataFrame:
    """A table without rows that has the columns of a record."""
    return pd.DataFrame(columns=column_names(record))


@dataclass(frozen=True)
class StudyResults:
    """All that the page of a study shows. Only `name` is needed; what is missing is said to be missing.

    `outcomes`, `pretrainings` and `curves` have the fields of `Outcome`, `Pretraining` and `CurvePoint` as columns
    (`curves` and `predictions`, of `Prediction`, join the others on `job`). `datasets` are the documents of `whence
    datasets show`, each optionally with `origin`, `title`, `modality`, `licence`, `citation` and `role` ("source",
    "target" or "both"). `values` has the fields of `Value`, and `backbone` where a value speaks of one network: what
    measures say of the pairs. `settings` maps the name of a setting to its value and `origins` to where that comes from
    (paper, code, ours, user), `recipes` a recipe's name to all its settings, `parameters` a backbone to the number of
    its weights, `versions` a package to its version; `transferability` names its form (of `forms.FORMS`). `seconds` is
    the work done, summed over jobs; `failures` are `{job, reason}`; `findings` `{severity, what, advice}` and
    `dataset` where it is about one; `leaks` say
    in what way the study tests on what it trained on, where its file allows that.
    """

    name: str
    values: pd.DataFrame = field(default_factory=lambda: empty_table(Value))
    outcomes: pd.DataFrame = field(default_factory=lambda: empty_table(Outcome))
    pretrainings: pd.DataFrame = field(default_factory=lambda: empty_table(Pretraining))
    curves: pd.DataFrame = field(default_factory=lambda: empty_table(CurvePoint))
    predictions: pd.DataFrame = field(default_factory=lambda: empty_table(Prediction))
    datasets: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    transferability: str = "auc"
    recipes: dict[str, dict[str, Any]] = field(default_factory=dict)
    parameters: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    failures: list[dict[str, Any]] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
