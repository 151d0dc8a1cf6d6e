"""What a study found, in plain sentences that claim no more than the folds allow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from whence.report.tidy import panels_of, summarise
from whence.report.words import NONE, counted, gain, is_missing, listed, number, plus_minus, signed
from whence.stats import Difference, corrected_difference

_USUAL_RATIO = 1 / 8  # test over training images of 80–10–10, where a table does not say


@dataclass(frozen=True)
class Verdict:
    """For one target (and configuration): which source was best, in `headline`, and how sure that is, in `detail`."""

    target: str
    configuration: str
    best: str
    headline: str
    detail: str


def verdicts(tidy: pd.DataFrame) -> list[Verdict]:
    """One verdict per target and configuration of `tidy.tidy_outcomes`.

    Two sources are told apart when the 90 % interval of their paired difference over the folds, corrected for
    shared training images (`stats.corrected_difference`), leaves zero out.
    """
    if tidy.empty:
        return []
    folds = {(t, c): part for t, c, part in panels_of(tidy, "target_name")}
    return [_verdict(t, c, part, folds[t, c]) for t, c, part in panels_of(summarise(tidy))]


def compare(folds: pd.DataFrame, one: str, other: str) -> Difference | None:
    """The paired difference in AUC of two sources (short names) on one target, over the folds that both have.

    None where they share fewer than two folds.
    """
    table = folds.pivot_table(index="fold", columns="source_name", values="auc")
    if one not in table or other not in table:
        return None
    both = table[[one, other]].dropna()
    if len(both) < 2:
        return None
    images = folds[["test_images", "train_images"]].apply(pd.to_numeric, errors="coerce").mean()
    ratio = images["test_images"] / images["train_images"]
    return corrected_difference(both[one], both[other], test_to_train=ratio if ratio > 0 else _USUAL_RATIO)


def difference_text(found: Difference) -> str:
    """A difference with its interval: "+0.046 AUC (90 % interval +0.021 to +0.070)"."""
    return f"{signed(found.mean)} AUC (90 % interval {signed(found.low)} to {signed(found.high)})"


def _verdict(target: str, configuration: str, part: pd.DataFrame, folds: pd.DataFrame) -> Verdict:
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
    detail = " ".join(_detail(best, ranked.iloc[1:], folds))
    return Verdict(target, configuration, str(best["source"]), headline, detail)


def _detail(best: pd.Series, others: pd.DataFrame, folds: pd.DataFrame) -> Iterator[str]:
    name = str(best["source"])
    against = {str(row["source"]): compare(folds, name, str(row["source"])) for _, row in others.iterrows()}
    if others.empty:
        if best["source_full"] != NONE:
            yield "No other source was measured."
    elif all(found is None for found in against.values()):
        yield "It was measured on one fold only, so nothing can be said about how sure this is."
    else:
        yield from _compared(against, others)
    baseline = others.loc[others["source_full"] == NONE, "source"]
    if len(baseline) and (over := against[str(baseline.iloc[0])]):
        yield f"Compared fold by fold with none: {difference_text(over)}."
    worse = list(_worse_than_none(pd.concat([best.to_frame().T, others]), folds))
    if worse:
        yield f"Worse than none, fold by fold: {listed(worse)}."
    if best["not_converged"]:
        yield f"{int(best['not_converged'])} of the {counted(int(best['folds']), 'fold')} did not converge."


def _compared(against: dict[str, Difference | None], others: pd.DataFrame) -> Iterator[str]:
    tied = [name for name, found in against.items() if found is None or not found.settled]
    if tied:
        yield (
            f"{listed(tied)} cannot be told apart from it: the 90 % interval of the paired difference over the folds "
            "holds zero."
        )
    else:
        second = others.iloc[0]
        came = f"Next came {second['source']} ({number(second['auc'])})"
        yield f"{came}; compared fold by fold, no other source reaches it."


def _worse_than_none(rows: pd.DataFrame, folds: pd.DataFrame) -> Iterator[str]:
    baseline = rows.loc[rows["source_full"] == NONE, "source"]
    for name in rows.loc[rows["source_full"] != NONE, "source"] if len(baseline) else []:
        found = compare(folds, str(name), str(baseline.iloc[0]))
        if found and found.high < 0:
            yield str(name)
