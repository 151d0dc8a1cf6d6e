"""What a study found, in plain sentences that claim no more than the folds allow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from whence.report.tidy import panels_of
from whence.report.words import NONE, counted, gain, is_missing, listed, number, plus_minus


@dataclass(frozen=True)
class Verdict:
    """For one target (and configuration): which source was best, in `headline`, and how sure that is, in `detail`."""

    target: str
    configuration: str
    best: str
    headline: str
    detail: str


def verdicts(summary: pd.DataFrame) -> list[Verdict]:
    """One verdict per target and configuration of `tidy.summarise`.

    Two sources "cannot be told apart" when their mean AUCs differ by less than the larger of their standard
    deviations over the folds, or when either was measured on one fold only.
    """
    return [_verdict(*group) for group in panels_of(summary)]


def told_apart(one: pd.Series, other: pd.Series) -> bool:
    """Whether two rows of a summary differ by at least the larger of their standard deviations."""
    if is_missing(one["auc_sd"]) or is_missing(other["auc_sd"]):
        return False
    return bool(abs(one["auc"] - other["auc"]) >= max(one["auc_sd"], other["auc_sd"]))


def _verdict(target: str, configuration: str, part: pd.DataFrame) -> Verdict:
    ranked = part.sort_values("auc", ascending=False, kind="stable")
    best = ranked.iloc[0]
    where = f"For {target}" + (f" ({configuration})" if configuration else "")
    score = f"AUC {plus_minus(best['auc'], best['auc_sd'])} over {counted(int(best['folds']), 'fold')}"
    if best["source_full"] == NONE and len(ranked) > 1:
        headline = f"{where} no source did better than none (no transfer): {score}."
    elif best["source_full"] == NONE:
        headline = f"{where} only none (no transfer) was measured: {score}."
    elif is_missing(best["transferability"]):
        headline = (
            f"{where} the best source was {best['source']}: {score}; none (no transfer) was not measured."
        )
    else:
        change = gain(best["transferability"])
        headline = f"{where} the best source was {best['source']}: {score}, {change} over none (no transfer)."
    detail = " ".join(_detail(best, ranked.iloc[1:]))
    return Verdict(target, configuration, str(best["source"]), headline, detail)


def _detail(best: pd.Series, others: pd.DataFrame) -> Iterator[str]:
    if others.empty:
        if best["source_full"] != NONE:
            yield "No other source was measured."
    elif is_missing(best["auc_sd"]):
        yield "It was measured on one fold only, so nothing can be said about how sure this is."
    else:
        tied = [str(row["source"]) for _, row in others.iterrows() if not told_apart(best, row)]
        if tied:
            yield (
                f"{listed(tied)} cannot be told apart from it: the means differ by less than the folds’ "
                "standard deviation."
            )
        else:
            second = others.iloc[0]
            yield (
                f"Next came {second['source']} ({number(second['auc'])}), further away than the folds’ "
                "standard deviation."
            )
    worse = [
        str(row["source"])
        for _, row in others.iterrows()
        if not is_missing(row["transferability_sd"]) and row["transferability"] < -row["transferability_sd"]
    ]
    if worse:
        yield f"Worse than none, by more than the standard deviation: {listed(worse)}."
    if best["not_converged"]:
        yield f"{int(best['not_converged'])} of the {counted(int(best['folds']), 'fold')} did not converge."
