"""How steadily a network learned: accuracy on training and validation images after every epoch, fold after fold."""

from __future__ import annotations

from dataclasses import replace

import altair as alt
import pandas as pd

from whence.report.figures import HOVER, Figure, Panel, colour_scale, panel_title, rows
from whence.report.palette import OKABE_ITO
from whence.report.tidy import panels_of

_HEIGHT = 190
_PARTS = {"train_accuracy": "training", "validation_accuracy": "validation"}


def stability(curves: pd.DataFrame, tidy: pd.DataFrame) -> Figure:
    """Accuracy per epoch of every source on every target, the folds side by side (the authors' stability plot).

    `curves` has the fields of `CurvePoint`, `tidy` those of `tidy_outcomes`; they join on `job`. A panel per target,
    configuration and source. Jobs from before these accuracies were measured have no panel.
    """
    keys = ["job", "fold", "target_name", "configuration", "source_name"]
    joined = tidy[keys].drop_duplicates().merge(curves, on="job", how="inner")
    joined = joined.dropna(subset=[name for name in _PARTS if name in joined])
    panels = []
    if set(_PARTS) <= set(joined.columns):
        for target, configuration, part in panels_of(joined, "target_name"):
            for source, own in part.groupby("source_name", sort=False):
                panel = _panel(own, f"{source} → {panel_title(target, configuration)}")
                panels.append(replace(panel, target=target))
    caption = (
        "Accuracy after each epoch on the training images as they were learned from (moved, with dropout) and on the "
        "validation images. The folds stand one after the other; curves that jump or part say that a training was "
        "unstable or learned its images by heart."
    )
    return Figure("stability", "Stability of training", caption, panels, columns=2, switch="target")


def _panel(part: pd.DataFrame, title: str) -> Panel:
    length = int(part["epoch"].max())
    folds = sorted(part["fold"].unique())
    place = {fold: number * (length + 1) for number, fold in enumerate(folds)}
    long = part.melt(["fold", "epoch"], list(_PARTS), "part", "accuracy")
    long["part"] = long["part"].map(_PARTS)
    long["place"] = long["epoch"] + long["fold"].map(place)
    long["fold"] += 1
    colours = dict(zip(_PARTS.values(), OKABE_ITO, strict=False))
    middles = {place[fold] + (length + 1) / 2: f"fold {fold + 1}" for fold in folds}
    named = " : ".join(f"datum.value == {middle} ? '{words}'" for middle, words in middles.items()) + " : ''"
    legend = alt.Legend(orient="top", title=None, symbolType="stroke")
    base = alt.Chart(rows(long)).encode(
        x=alt.X(
            "place:Q",
            title=f"epochs 1 to {length} of each fold",
            scale=alt.Scale(domain=[0.5, len(folds) * (length + 1) - 0.5], nice=False),
            axis=alt.Axis(values=list(middles), labelExpr=named, grid=False, ticks=False),
        ),
        y=alt.Y("accuracy:Q", title="accuracy", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(tickCount=5)),
        color=alt.Color(
            "part:N",
            scale=colour_scale(colours),
            legend=legend,
        ),
        detail="fold:N",
        tooltip=[
            alt.Tooltip("part:N", title="images"),
            alt.Tooltip("fold:Q", title="fold"),
            alt.Tooltip("epoch:Q", title="epoch"),
            alt.Tooltip("accuracy:Q", title="accuracy", format=".3f"),
        ],
    )
    lines = base.mark_line(strokeWidth=1.6).encode(
        strokeDash=alt.StrokeDash(
            "part:N", scale=alt.Scale(domain=list(colours), range=[[1, 0], [5, 3]]), legend=legend
        )
    )
    alone = length == 1
    dots = base.mark_circle(size=30, opacity=1 if alone else 0, style=HOVER)
    ends = long[long["epoch"] == length].groupby("part", sort=False)["accuracy"].mean()
    said = ", ".join(f"{name} {value:.3f}" for name, value in ends.items())
    return Panel(
        title,
        alt.layer(lines, dots).properties(height=_HEIGHT),
        f"Accuracy per epoch, {title}; at the end: {said}.",
    )
