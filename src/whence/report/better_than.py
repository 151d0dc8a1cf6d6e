"""By how much, and how surely, each source is better than each other: a square of all pairs per target."""

from __future__ import annotations

import altair as alt
import pandas as pd

from whence.report.comparison import ALPHA, pair_of
from whence.report.figures import Figure, Panel, name_axis, panel_title, rows
from whence.report.palette import INK
from whence.report.tidy import panels_of, summarise
from whence.report.words import signed


def comparison_figure(tidy: pd.DataFrame, found: pd.DataFrame) -> Figure:
    """A square per target: by how many AUC points the row is better than the column, and how probable that is."""
    panels = []
    for target, configuration, part in panels_of(summarise(tidy)):
        here = found[(found["target"] == target) & (found["configuration"] == configuration)]
        names = [str(name) for name in part.sort_values("auc", ascending=False, kind="stable")["source"]]
        if len(here):
            panels.append(_square(here, names, target, panel_title(target, configuration)))
    caption = (
        "By how many AUC points (hundredths) the source of the row is better than that of the column. Blue: probably "
        "better in practice, by more than half a point; orange: probably worse; white: equivalent or undecided. "
        "Bold: told apart after Holm’s correction."
    )
    return Figure("better_than", "Is one source better than another?", caption, panels, switch="target")


def _square(here: pd.DataFrame, names: list[str], target: str, title: str) -> Panel:
    cells = []
    for one in names:
        for other in names:
            pair = pair_of(here, one, other) if one != other else None
            if pair is None:
                continue
            cells.append(
                {
                    "row": one,
                    "column": other,
                    "lean": round(pair["better"] - pair["worse"], 4),
                    "label": f"{100 * pair['difference']:+.1f}".replace("-", "−"),
                    "weight": "bold" if pair["p_holm"] < ALPHA else "normal",
                    "said": f"{signed(pair['difference'])} [{signed(pair['low'])}, {signed(pair['high'])}]",
                    "odds": ", ".join(
                        f"{kind} {pair[kind]:.2f}" for kind in ("better", "equivalent", "worse")
                    ),
                    "p": round(pair["p_holm"], 4),
                }
            )
    base = alt.Chart(rows(pd.DataFrame(cells))).encode(
        x=alt.X(
            "column:N",
            sort=names,
            title="… is better than",
            axis=name_axis(orient="top", labelAngle=-35),
        ),
        y=alt.Y("row:N", sort=names, title=None, axis=name_axis()),
        tooltip=[
            alt.Tooltip("row:N", title="source"),
            alt.Tooltip("column:N", title="than"),
            alt.Tooltip("said:N", title="AUC difference"),
            alt.Tooltip("odds:N", title="probability"),
            alt.Tooltip("p:Q", title="p (Holm)"),
        ],
    )
    shades = alt.Scale(domain=[-1, 0, 1], range=["#e69f00", "#ffffff", "#5aa5d6"], interpolate="rgb")
    layers = [
        base.mark_rect(stroke="#d5d9df").encode(color=alt.Color("lean:Q", scale=shades, legend=None)),
        *(
            base.transform_filter(alt.datum.weight == weight)
            .mark_text(fontWeight=weight, color=INK)
            .encode(text="label:N")
            for weight in ("normal", "bold")
        ),
    ]
    height = 30 * len(names)
    width = round(7 * max(map(len, names)) + 42 * len(names))
    said = f"Square of {len(names)} sources on {title}: the AUC points by which each row is better than each column."
    return Panel(title, alt.layer(*layers).properties(height=height), said, min_width=width, target=target)
