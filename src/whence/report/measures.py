"""Which measure would have told where transfer helps: correlations and regret of every measure, and two baselines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from whence.report.arrays import Floats, Grid, promise_of
from whence.report.figures import Figure, Panel, panel_title
from whence.report.forms import AUC, Form
from whence.report.scatter import scatter_panel
from whence.report.table import Table
from whence.report.words import MISSING, file_name, is_missing, number, plus_minus, signed
from whence.stats import (
    CORRELATIONS,
    agreement,
    holm,
    mean_over_folds,
    mean_rank_elsewhere,
    mean_regret,
    winner_elsewhere,
)

MEAN_RANK = "baseline: mean rank elsewhere"
WINNER = "baseline: winner elsewhere"
AT_RANDOM = "at random"
NAMES = {
    "pearson": "Pearson’s r",
    "spearman": "Spearman’s ρ",
    "kendall": "Kendall’s τ",
    "weighted_tau": "weighted τ",
}
MAIN_POOLED, MAIN_EACH = "spearman", "weighted_tau"
_CAPTION = (
    "How each measure agrees with transferability ({form}), and the AUC lost by picking the source that it puts first. "
    "Distances are negated, so that 1 is a measure that never errs, for all of them. Pooled: all pairs in one "
    "cloud, as in the paper. Per target: the mean over targets, which differences between targets cannot feign. In "
    "brackets 90 % intervals from targets and folds drawn again; p by exchanging the sources’ names, after Holm’s "
    "correction over the measures. The two baselines never look at the target: a measure that is no better is not "
    "worth its time."
)


def measures_long(grid: Grid, values: pd.DataFrame, draws: int = 1000) -> pd.DataFrame:
    """Every statistic of every measure, pooled and per target, and of the first baseline.

    Columns: `measure, kind, scope, statistic, value, low, high, p, p_holm, pairs, targets`. Holm's correction is over
    the measures, within scope and statistic; baselines are not part of it.
    """
    rows = [
        {"measure": name, "kind": kind, "scope": "per target" if per_target else "pooled"} | _row(found)
        for name, kind, promise in promises(grid, values)
        if kind != "choice"
        for per_target in (False, True)
        for statistic in CORRELATIONS
        for found in [agreement(promise, grid.gain, statistic, per_target=per_target, draws=draws)]
    ]
    columns = ["measure", "kind", "scope", "statistic", "value", "low", "high", "p", "pairs", "targets"]
    table = pd.DataFrame(rows, columns=columns)
    adjusted = pd.Series(np.nan, index=table.index)
    for _, part in table[table["kind"] != "baseline"].groupby(["scope", "statistic"]):
        adjusted[part.index] = holm(part["p"])
    table.insert(8, "p_holm", adjusted)
    return table


def measures_table(
    grid: Grid,
    values: pd.DataFrame,
    long: pd.DataFrame,
    configuration: str = "",
    draws: int = 1000,
    form: Form = AUC,
) -> Table:
    """One row per measure, best by regret first, then the two baselines and picking at random."""
    rows = []
    for name, kind, promise in promises(grid, values):
        lost = mean_regret(promise, grid.auc, draws=draws)
        row: dict[str, Any] = {"measure": name, "kind": kind}
        for scope, statistic, short in (("pooled", MAIN_POOLED, "pooled"), ("per target", MAIN_EACH, "each")):
            chosen = long[
                (long["measure"] == name) & (long["scope"] == scope) & (long["statistic"] == statistic)
            ]
            found = chosen.iloc[0] if len(chosen) else pd.Series(dtype=object)
            for part in ("value", "low", "high", "p_holm"):
                row[f"{short}_{part}"] = found.get(part, float("nan"))
        row |= {
            "regret": lost.mean,
            "regret_low": lost.low,
            "regret_high": lost.high,
            "targets": lost.targets,
        }
        row["pairs"] = int((~np.isnan(promise) & ~np.isnan(mean_over_folds(grid.auc))).sum())
        rows.append(row)
    table = pd.DataFrame(rows)
    table["_last"] = [["score", "distance"].count(kind) == 0 for kind in table["kind"]]
    table = table.sort_values(["_last", "regret"], kind="stable").drop(columns="_last").reset_index(drop=True)
    for short in ("pooled", "each"):
        table[f"{short}_said"] = [_with_interval(row, short, _short) for row in table.to_dict("records")]
    table["regret_said"] = [_with_interval(row, "regret", number) for row in table.to_dict("records")]
    return Table(
        file_name("measures", configuration),
        panel_title("Measures against outcomes", configuration),
        _CAPTION.format(form=form.definition),
        table,
        {
            "measure": "Measure",
            "pooled_said": f"{NAMES[MAIN_POOLED]}, pooled",
            "each_said": f"{NAMES[MAIN_EACH]}, per target",
            "each_p_holm": "p (Holm)",
            "regret_said": "AUC lost by its pick",
            "pairs": "Pairs",
        },
        {
            "pooled_said": str,
            "each_said": str,
            "regret_said": str,
            "each_p_holm": number,
            "pairs": lambda n: f"{int(n)}",
        },
    )


def long_table(long: pd.DataFrame, configuration: str = "") -> Table:
    """All statistics as a table to export."""
    return Table(
        file_name("measures_all_statistics", configuration),
        panel_title("Every statistic", configuration),
        "Correlation of every measure with transferability: pooled over all pairs and as the mean over targets.",
        long,
        {
            "measure": "Measure",
            "scope": "Scope",
            "statistic": "Statistic",
            "value": "Value",
            "low": "5 %",
            "high": "95 %",
            "p": "p",
            "p_holm": "p (Holm)",
            "pairs": "Pairs",
        },
        {
            "statistic": lambda name: NAMES[str(name)],
            "value": _signed,
            "low": _signed,
            "high": _signed,
            "p": number,
            "p_holm": number,
        },
        words=frozenset({"statistic"}),
    )


def measure_figure(grids: Mapping[str, Grid], values: pd.DataFrame, form: Form = AUC) -> Figure:
    """Transferability over every measure (the paper's Figure 4), a panel per measure and configuration."""
    panels = []
    for measure in measure_names(values):
        part = values[values["measure"] == measure]
        for configuration, grid in grids.items():
            points = _points(grid, part)
            if len(points) >= 3:
                panels.append(_scatter(measure, configuration, points, str(part["kind"].iloc[0])))
    caption = (
        f"Transferability, {form.definition}, over a measure: a point per pair, named by its source; colour and shape "
        "tell the target. Line: least squares with its 95 % band, which takes the pairs for independent. A distance "
        "should fall to the right, a score rise."
    )
    return Figure("by_measure", "Transferability and measures", caption, panels, switch="measure")


def _points(grid: Grid, part: pd.DataFrame) -> pd.DataFrame:
    """The pairs that have a value and a transferability: columns source, target, x, y, said."""
    promise = promise_of(grid, part)
    sign = -1.0 if (part["kind"] == "distance").any() else 1.0
    gains, aucs = mean_over_folds(grid.gain), mean_over_folds(grid.auc)
    found = []
    for s, source in enumerate(grid.sources):
        for t, target in enumerate(grid.targets):
            if not (np.isnan(promise[s, t]) or np.isnan(gains[s, t])):
                folds = grid.auc[s, t][~np.isnan(grid.auc[s, t])]
                sd = float(folds.std(ddof=1)) if len(folds) > 1 else float("nan")
                said = f"{plus_minus(aucs[s, t], sd, 4)} over {len(folds)} folds"
                row = {"source": source, "target": target, "x": sign * promise[s, t], "y": gains[s, t]}
                found.append(row | {"said": said})
    return pd.DataFrame(found, columns=["source", "target", "x", "y", "said"])


def _scatter(measure: str, configuration: str, points: pd.DataFrame, kind: str) -> Panel:
    value = float(CORRELATIONS[MAIN_POOLED](points["x"], points["y"]))
    said = "" if is_missing(value) else f" {NAMES[MAIN_POOLED]} {signed(value)}."
    return scatter_panel(
        panel_title(measure, configuration),
        points,
        f"{measure} ({'lower is closer' if kind == 'distance' else 'higher is better'})",
        "transferability (%)",
        f"Points: transferability over {measure} for {len(points)} pairs.{said}",
    )


def promises(grid: Grid, values: pd.DataFrame) -> Iterator[tuple[str, str, Floats]]:
    """`(name, kind, promise (S, T))` of every measure with a value here, then of the baselines.

    `values` has columns measure, kind, source, target, value. Kinds: score, distance, baseline (an order of sources),
    choice (one source, or all alike).
    """
    for (name, kind), part in values.groupby(["measure", "kind"], sort=True):
        promise = promise_of(grid, part)
        if not np.isnan(promise).all():
            yield str(name), str(kind), promise
    means = mean_over_folds(grid.auc)
    if len(grid.targets) > 1:
        yield MEAN_RANK, "baseline", mean_rank_elsewhere(means)
        yield WINNER, "choice", winner_elsewhere(means)
    yield AT_RANDOM, "choice", np.where(np.isnan(means), np.nan, 0.0)


def measure_names(values: pd.DataFrame) -> Sequence[str]:
    """The measures of a table, in order of their names."""
    return sorted(values["measure"].unique())


def _row(found: Any) -> dict[str, Any]:
    return {
        name: getattr(found, name) for name in ("statistic", "value", "low", "high", "p", "pairs", "targets")
    }


def _with_interval(row: Mapping[Any, Any], short: str, write: Callable[[Any], str]) -> str:
    value = row.get(f"{short}_value", row.get(short))
    if is_missing(value):
        return MISSING
    low, high = row[f"{short}_low"], row[f"{short}_high"]
    return write(value) + ("" if is_missing(low) else f" [{write(low)}, {write(high)}]")


def _short(value: Any) -> str:
    return signed(value, 2)


def _signed(value: Any) -> str:
    return MISSING if is_missing(value) else signed(value)
