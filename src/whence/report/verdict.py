"""What a study found, in plain sentences that claim no more than the folds allow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from whence.report.comparison import ALPHA, comparisons, pair_of
from whence.report.forms import AUC, Form
from whence.report.tidy import panels_of, summarise
from whence.report.words import MISSING, NONE, counted, gain, is_missing, listed, number, plus_minus, signed

ALL_OTHERS = "better than every other source"
ALONE = "no other source was measured"


@dataclass(frozen=True)
class Verdict:
    """For one target (and configuration): which source was best, in `headline`, and how sure that is, in `detail`.

    `auc` and `gain` say how much in a few characters, `sureness` how sure in a few words.
    """

    target: str
    configuration: str
    best: str
    headline: str
    detail: str
    auc: str
    gain: str
    sureness: str


def verdicts(tidy: pd.DataFrame, found: pd.DataFrame | None = None, form: Form = AUC) -> list[Verdict]:
    """One verdict per target and configuration of `tidy.tidy_outcomes`; `found` are its `comparison.comparisons`, and
    `form` the form of its transferability.

    Two sources are told apart where the p-value of their paired difference over the folds, corrected for shared
    training images (`stats.corrected_difference`) and for the number of pairs (`stats.holm`), is below 0.1.
    """
    if tidy.empty:
        return []
    pairs = comparisons(tidy) if found is None else found
    return [
        _verdict(t, c, part, pairs[(pairs["target"] == t) & (pairs["configuration"] == c)], form)
        for t, c, part in panels_of(summarise(tidy))
    ]


def overall(found: Sequence[Verdict]) -> str:
    """All verdicts in one sentence; nothing where there is one only, which says it all.

    Targets with one source have no best of several and do not count.
    """
    if len(found) < 2:
        return ""
    found = [verdict for verdict in found if verdict.sureness != ALONE]
    if not found:
        return "So far one source was measured on each target, so that nothing can be compared."
    wins = Counter(verdict.best for verdict in found)
    most = max(wins.values())
    best = [name for name, count in wins.items() if count == most]
    sure = sum(verdict.sureness == ALL_OTHERS for verdict in found)
    targets = f"{most} of {len(found)} targets"
    if len(best) > 1:
        sentence = f"{listed(best)} were each the best source on {targets}"
    else:
        sentence = f"{best[0]} was the best source on {targets}"
    told = (
        "no target"
        if not sure
        else "every target"
        if sure == len(found)
        else f"{sure} of {len(found)} targets"
    )
    return f"{sentence}; on {told} the best can be told apart from every other source."


def difference_text(found: Mapping[str, float]) -> str:
    """A difference with its interval: "+0.046 AUC (90 % interval +0.021 to +0.070)"."""
    return (
        f"{signed(found['difference'])} AUC (90 % interval {signed(found['low'])} to {signed(found['high'])})"
    )


def _verdict(target: str, configuration: str, part: pd.DataFrame, pairs: pd.DataFrame, form: Form) -> Verdict:
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
        change = form.over_none(best["transferability"])
        headline = f"{where} the best source was {best['source']}: {score}, {change}."
    detail = " ".join(_detail(best, ranked.iloc[1:], pairs))
    return Verdict(
        target,
        configuration,
        str(best["source"]),
        headline,
        detail,
        plus_minus(best["auc"], best["auc_sd"]),
        MISSING if best["source_full"] == NONE else gain(best["transferability"]),
        _sureness(str(best["source"]), ranked.iloc[1:], pairs),
    )


def _sureness(name: str, others: pd.DataFrame, pairs: pd.DataFrame) -> str:
    if others.empty:
        return ALONE
    tied = _tied(name, others, pairs)
    if not len(pairs):
        return "one fold only: nothing can be said"
    if not tied:
        return ALL_OTHERS
    if len(tied) == len(others):
        return "cannot be told apart from any other source"
    return f"cannot be told apart from {listed(tied, most=4)}"


def _tied(name: str, others: pd.DataFrame, pairs: pd.DataFrame) -> list[str]:
    against = {str(other): pair_of(pairs, name, str(other)) for other in others["source"]}
    return [other for other, found in against.items() if found is None or not found["p_holm"] < ALPHA]


def _detail(best: pd.Series, others: pd.DataFrame, pairs: pd.DataFrame) -> Iterator[str]:
    name = str(best["source"])
    if others.empty:
        if best["source_full"] != NONE:
            yield "No other source was measured."
    elif not len(pairs):
        yield "It was measured on one fold only, so nothing can be said about how sure this is."
    elif tied := _tied(name, others, pairs):
        yield f"{listed(tied)} cannot be told apart from it, compared fold by fold."
    else:
        second = others.iloc[0]
        came = f"Next came {second['source']} ({number(second['auc'])})"
        yield f"{came}; compared fold by fold, no other source reaches it."
    baseline = others.loc[others["source_full"] == NONE, "source"]
    if len(baseline) and (over := pair_of(pairs, name, str(baseline.iloc[0]))):
        yield f"Compared fold by fold with none: {difference_text(over)}."
    worse = list(_worse_than_none(pd.concat([best.to_frame().T, others]), pairs))
    if worse:
        yield f"Worse than none, fold by fold: {listed(worse)}."
    if best["not_converged"]:
        yield f"{int(best['not_converged'])} of the {counted(int(best['folds']), 'fold')} did not converge."


def _worse_than_none(rows: pd.DataFrame, pairs: pd.DataFrame) -> Iterator[str]:
    baseline = rows.loc[rows["source_full"] == NONE, "source"]
    for name in rows.loc[rows["source_full"] != NONE, "source"] if len(baseline) else []:
        found = pair_of(pairs, str(name), str(baseline.iloc[0]))
        if found and found["difference"] < 0 and found["p_holm"] < ALPHA:
            yield str(name)
