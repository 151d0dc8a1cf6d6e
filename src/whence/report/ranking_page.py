"""The page of a ranking: which source to take for one target, how much it should help, and how sure that is."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from whence.report.figures import Figure, Panel, lookup, rows
from whence.report.page import render
from whence.report.palette import BASELINE, INK, OKABE_ITO
from whence.report.words import NONE, display_names, duration, gain, is_missing, listed, number, percent


def render_ranking(document: dict[str, Any]) -> str:
    """The page of the JSON document of `whence rank`, as one HTML text that needs no network.

    `document` is `{target, ranking: [{source, predicted, low, high, transferability, p_best, reasons}], baselines:
    {mean_rank: [..], always: source}, not_at_hand: [..]}`, best source first; every number may be None.
    Optional: `undecided` (`{sources, cheapest}` where no source stands out), `similar` (`{target, told, best}` each),
    `would_change` and `explanation` (sentences), `measured` (`{source, auc, low, high, folds}` each), `race` (what it
    cost, why it ended, and every run).
    """
    ranking = [_complete(row) for row in document.get("ranking") or []]
    measured = list(document.get("measured") or [])
    baselines = document.get("baselines") or {}
    away = list(document.get("not_at_hand") or [])
    order = baselines.get("mean_rank") or []
    named = [str(row["source"]) for row in [*ranking, *measured]]
    always = [str(baselines["always"])] if baselines.get("always") else []
    short = display_names([*named, *map(str, order), *always])
    figure = interval_chart(ranking, measured, short)
    headline, detail = ranking_verdict(str(document["target"]), ranking, short, document.get("undecided"))
    return render(
        "ranking.html.j2",
        [figure] if figure.panels else [],
        target=document["target"],
        headline=headline,
        detail=detail,
        ranking=ranking,
        measured={str(row["source"]): row for row in measured},
        names=short,
        mean_rank=[short[str(name)] for name in order],
        always=short[always[0]] if always else None,
        not_at_hand=[_away(entry) for entry in away],
        explanation=list(document.get("explanation") or []),
        race=_race(document.get("race"), short),
        similar=list(document.get("similar") or []),
        would_change=list(document.get("would_change") or []),
    )


def ranking_verdict(
    target: str, ranking: list[dict[str, Any]], short: dict[str, str], undecided: dict[str, Any] | None = None
) -> tuple[str, str]:
    """The verdict in plain words: a headline with the best source, and how sure that is.

    Intervals hold the uncertainty of the target's level, which all sources share, so what tells sources apart is
    their probability of being the best. `undecided` is the document's: the `sources` that cannot be told apart, and the
    `cheapest` of them.
    """
    if not ranking:
        return f"For {target} there is no source to rank.", ""
    best, name = ranking[0], short[str(ranking[0]["source"])]
    if is_missing(best.get("predicted")):
        headline = f"For {target}, take {name} first"
    else:
        start = "no source stands out; first comes" if undecided else "the best source is probably"
        headline = f"For {target} {start} {name}: predicted AUC {number(best['predicted'])}"
        if not is_missing(best.get("low")) and not is_missing(best.get("high")):
            headline += f" (interval {number(best['low'])} to {number(best['high'])})"
        if not is_missing(best.get("transferability")) and best["source"] != NONE:
            headline += f", {gain(best['transferability'])} over none (no transfer)"
    parts = []
    if is_missing(best.get("predicted")):
        parts.append("Its AUC could not be predicted: this is an order only.")
    if not is_missing(best.get("p_best")):
        parts.append(f"The probability that it is the best of these is {percent(best['p_best'])}.")
    if undecided:
        parts += _undecided(undecided, {str(row["source"]): row for row in ranking}, short)
    return headline + ".", " ".join(parts)


def _undecided(
    undecided: dict[str, Any], ranked: dict[str, dict[str, Any]], short: dict[str, str]
) -> list[str]:
    """Which sources cannot be told apart, and what the cheapest of them costs."""
    tied, cheapest = [str(source) for source in undecided["sources"]], str(undecided["cheapest"])
    if len(tied) < 2:
        return []
    seconds = ranked[cheapest].get("pretraining_seconds") or 0.0
    price = "it needs no weights" if cheapest == NONE else "its weights are ready"
    if seconds:
        price = f"its pretraining took {duration(seconds)}"
    return [
        f"{listed([short[source] for source in tied], most=6)} cannot be told apart.",
        f"The cheapest of them is {short[cheapest]}: {price}.",
    ]


def interval_chart(
    ranking: list[dict[str, Any]], measured: list[dict[str, Any]], short: dict[str, str]
) -> Figure:
    """A row per source: the predicted AUC as a dot on its interval, what was measured as a diamond below it."""
    predicted = [_interval(row, "predicted", short, row.get("predicted")) for row in ranking]
    found = [_interval(row, "measured", short, row.get("auc")) for row in measured]
    shown = [row for row in predicted + found if not is_missing(row["auc"])]
    caption = "Predicted AUC (dot) with its interval (line), best source first."
    if found:
        caption += " Diamonds are AUCs measured on this target."
    order = list(dict.fromkeys(row["source"] for row in shown))
    if not shown:
        return Figure("intervals", "Predicted AUC", caption, [])
    labels = {row["source"]: row["label"] for row in reversed(shown)}
    ends = [float(v) for row in shown for v in (row["auc"], row["low"], row["high"]) if not is_missing(v)]
    margin = 0.06 * (max(ends) - min(ends)) or 0.02
    scale_x = alt.Scale(domain=[min(ends) - margin, max(ends) + margin], nice=False, zero=False)
    scale_y = alt.Scale(domain=order)
    x = alt.X(
        "auc:Q", title="AUC", scale=scale_x, axis=alt.Axis(tickCount=5, labelOverlap=True, labelSeparation=8)
    )
    names = alt.Axis(ticks=False, domain=False, labelPadding=8, labelLimit=170, labelOverlap=False)
    numbers = alt.Axis(
        orient="right", title=None, labelExpr=lookup(labels), ticks=False, domain=False, labelPadding=8
    )
    colour = alt.condition(
        "datum.baseline || datum.kind == 'measured'", alt.value(BASELINE), alt.value(OKABE_ITO[0])
    )
    tooltip = [
        alt.Tooltip("source_full:N", title="source"),
        alt.Tooltip("kind:N", title="AUC"),
        alt.Tooltip("auc:Q", title="value", format=".3f"),
        alt.Tooltip("low:Q", title="from", format=".3f"),
        alt.Tooltip("high:Q", title="to", format=".3f"),
    ]
    layers: list[Any] = []
    for kind, shape, shift in (("predicted", "circle", -4 if found else 0), ("measured", "diamond", 7)):
        part = pd.DataFrame([row for row in shown if row["kind"] == kind])
        if part.empty:
            continue
        base = alt.Chart(rows(part)).encode(color=colour, tooltip=tooltip)
        first = not layers
        axis_left, axis_right = (names, numbers) if first else (None, None)
        layers += [
            base.mark_rule(strokeWidth=3, yOffset=shift, strokeCap="round", opacity=0.55).encode(
                x=alt.X("low:Q", title="AUC", scale=scale_x),
                x2="high:Q",
                y=alt.Y("source:N", scale=scale_y, title=None, axis=axis_left),
            ),
            base.mark_point(
                shape=shape, filled=True, size=95, yOffset=shift, opacity=1, stroke=INK, strokeWidth=0
            ).encode(x=x, y=alt.Y("source:N", scale=scale_y, axis=axis_right)),
        ]
    chart = alt.layer(*layers).resolve_axis(y="independent").properties(height=max(36 * len(order), 72))
    said = listed([f"{row['source']} {row['label']}" for row in shown], most=40)
    return Figure(
        "intervals", "Predicted AUC", caption, [Panel("", chart, f"AUC per source, best first: {said}.")]
    )


def _interval(row: dict[str, Any], kind: str, short: dict[str, str], auc: Any) -> dict[str, Any]:
    low, high = row.get("low"), row.get("high")
    known = not is_missing(low) and not is_missing(high)
    name = str(row["source"])
    return {
        "source": short[name],
        "source_full": name,
        "kind": kind,
        "auc": auc,
        "low": low if known else None,
        "high": high if known else None,
        "label": number(auc),
        "baseline": name == NONE,
    }


def _complete(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the ranking that has every key, with None for each number that is missing or not a number."""
    numbers = ("predicted", "low", "high", "transferability", "p_best")
    known = {key: None if is_missing(row.get(key)) else float(row[key]) for key in numbers}
    price = float(row.get("pretraining_seconds") or 0.0)
    return {
        "source": str(row["source"]),
        "reasons": list(row.get("reasons") or []),
        "pretraining_seconds": price,
        **known,
    }


def _race(race: dict[str, Any] | None, short: dict[str, str]) -> dict[str, Any] | None:
    """What the race told, and a row per source that ran: folds, epochs on each of them, mean validation AUC."""
    if not race:
        return None
    runs: dict[str, list[dict[str, Any]]] = {}
    for run in race["runs"]:
        runs.setdefault(str(run["source"]), []).append(run)
    lines = [
        {
            "source": short[source],
            "folds": len(mine),
            "epochs": ", ".join(f"{run['epochs']} of {run['of']}" for run in mine),
            "auc": sum(run["validation_auc"] for run in mine) / len(mine),
            "spent": sum(run["epochs"] for run in mine),
        }
        for source, mine in runs.items()
    ]
    return {"told": race["told"], "rows": sorted(lines, key=lambda line: -int(str(line["spent"])))}


def _away(entry: Any) -> dict[str, str]:
    """A source that is not at hand, and where to get it: a name, or a mapping with `source` and the rest."""
    if not isinstance(entry, dict):
        return {"source": str(entry), "where": ""}
    rest = [
        str(sentence)
        for key, value in entry.items()
        if key != "source"
        for sentence in (value if isinstance(value, list | tuple) else [value])
        if sentence
    ]
    return {"source": str(entry.get("source", "")), "where": "; ".join(rest)}
