"""What outcomes on other targets say of a source: its place among the sources tried beside it.

A *table* is one target under the same conditions (study, target and its variant, backbone, recipe): only
sources of one table are compared with each other, so levels and backbones cancel.
"""

from __future__ import annotations

from collections.abc import Container

import numpy as np
import pandas as pd

from whence.errors import InputError
from whence.knowledge import plain_name

CONDITIONS = ("study", "target", "target_variant", "backbone", "recipe")
EDGE = 1e-4  # AUCs nearer than this to 0 or 1 are taken as this far from it: a logit must be finite


def logit(auc: np.ndarray | pd.Series) -> np.ndarray:
    """AUCs on the logit scale, where a gain near 1 weighs more; any shape, always finite."""
    clipped = np.clip(np.asarray(auc, dtype=np.float64), EDGE, 1 - EDGE)
    return np.log(clipped / (1 - clipped))


def standings(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Each source's place in each table, one row per table and source.

    `outcomes` has columns study, source, target, backbone, auc and perhaps target_variant, recipe; folds and
    seeds are averaged. Columns of the result: table (a number), target, source, auc (mean), sources (in the
    table), rank (1 is best; ties share), logit, z (logit AUC standardised within the table, NaN in tables of
    fewer than three sources or where all are equal), spread (that standard deviation), place (the rank on the same
    scale: standardised, the best highest). Tables of one source compare nothing and are left out; so are rows
    where the source is the target.
    """
    missing = [c for c in ("study", "source", "target", "backbone", "auc") if c not in outcomes.columns]
    if missing:
        raise InputError(f"the outcomes lack the column {missing[0]!r}; they have {list(outcomes.columns)}")
    known = outcomes[outcomes["auc"].notna()].copy()
    for column in ("source", "target"):
        known[column] = known[column].map(lambda name: plain_name(str(name)))
    known = known[known["source"] != known["target"]]
    conditions = [c for c in CONDITIONS if c in known.columns]
    known[conditions] = known[conditions].astype("object").where(known[conditions].notna(), "")
    means = known.groupby([*conditions, "source"], as_index=False, sort=True)["auc"].mean()
    means["table"] = means.groupby(conditions, sort=True).ngroup()
    means["sources"] = means.groupby("table")["source"].transform("size")
    means = means[means["sources"] >= 2]
    means["rank"] = means.groupby("table")["auc"].rank(ascending=False)
    means["logit"] = logit(means["auc"])
    grouped = means.groupby("table")["logit"]
    usable = (means["sources"] >= 3) & (grouped.transform("max") > grouped.transform("min"))
    means["spread"] = grouped.transform("std").where(usable)
    means["z"] = (means["logit"] - grouped.transform("mean")) / means["spread"]
    ranks = means.groupby("table")["rank"]
    means["place"] = ((ranks.transform("mean") - means["rank"]) / ranks.transform("std")).where(usable)
    columns = ["table", "target", "source", "auc", "sources", "rank", "logit", "z", "spread", "place"]
    result: pd.DataFrame = means[columns].reset_index(drop=True)
    return result


def elsewhere(table: pd.DataFrame, target: str) -> pd.DataFrame:
    """The rows of outcomes or standings about targets other than this one."""
    name = plain_name(target)
    same = [other for other in table["target"].unique() if plain_name(str(other)) == name]
    kept: pd.DataFrame = table[~table["target"].isin(same)]
    return kept


def mean_rank(standing: pd.DataFrame) -> pd.Series:
    """Mean rank of every source over the tables it stands in, best (lowest) first: the static baseline to beat.

    Ranks are scaled to the median number of sources in a table, since third of four is not third of fifteen.
    Index: source; ties are ordered by name.
    """
    if not len(standing):
        return pd.Series(dtype=np.float64, name="mean_rank")
    typical = standing.groupby("table")["sources"].first().median()
    scaled = (standing["rank"] - 0.5) / standing["sources"] * typical + 0.5
    means = scaled.groupby(standing["source"]).mean().round(9)
    ordered: pd.Series = means.sort_index().sort_values(kind="stable").rename("mean_rank")
    return ordered


def most_frequent_winner(standing: pd.DataFrame, among: Container[str] | None = None) -> str | None:
    """The source that was best in the most tables, the other static baseline; ties go to the better mean rank.

    `among`: only these can be named, by their wins against all sources; if none of them ever won, the one of
    the best mean rank. None where nothing is known of them. Tied winners of a table share its win.
    """
    winners = standing[standing["auc"] == standing.groupby("table")["auc"].transform("max")]
    wins = (1 / winners.groupby("table")["source"].transform("size")).groupby(winners["source"]).sum()
    can = [str(source) for source in mean_rank(standing).index if among is None or source in among]
    return max(can, key=lambda source: round(float(wins.get(source, 0.0)), 9)) if can else None
