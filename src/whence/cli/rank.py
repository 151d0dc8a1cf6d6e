"""whence rank TARGET: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whence.cli.common import (
    Backbone,
    Device,
    Json,
    Quiet,
    RecipeName,
    Seed,
    Size,
    SkipUnreadable,
    Workers,
    listed,
    print_json,
    print_table,
    say,
    speaker,
    verb,
)

if TYPE_CHECKING:
    from whence.api import Ranking

SHOWN_AWAY = 3  # of the known sources that are not at hand, with where to get them


@verb
def rank(
    target: Annotated[str, typer.Argument(help="Path or name of the dataset to do well on.")],
    sources: Annotated[
        str | None,
        typer.Option(help="Comma-separated: none, imagenet, file:PATH, timm:MODEL, datasets pretrained on."),
    ] = None,
    backbone: Backbone = "resnet50",
    size: Size = 64,
    budget: Annotated[
        str | None,
        typer.Option(help="Also race them: 30m, 2h, or k=3 for as much as fine-tuning three sources takes."),
    ] = None,
    recipe: RecipeName = "small",
    workers: Workers = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Also write the answer as a page.")
    ] = None,
    skip_unreadable: SkipUnreadable = False,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """Rank sources for your images, best first, with intervals and reasons."""
    from whence import api

    found = api.rank(
        target,
        sources=listed(sources) if sources else None,
        backbone=backbone,
        size=size,
        budget=budget,
        recipe=recipe,
        workers=workers,
        seed=seed,
        device=device,
        skip_unreadable=skip_unreadable,
        say=speaker(quiet),
    )
    if output:
        found.report(output)
    if json:
        print_json(found.document)
    else:
        tell(found)
        if output:
            say(f"page: {output}")


def tell(found: Ranking) -> None:
    """Print a ranking as a person reads it."""
    document = found.document

    def number(value: float | None, digits: int = 3) -> str:
        return "–" if value is None else f"{value:.{digits}f}"

    print_table(
        [
            {
                "": place,
                "source": row["source"],
                "predicted AUC": number(row["predicted"]),
                "90 % interval": f"{number(row['low'])} to {number(row['high'])}"
                if row["low"] is not None
                else "–",
                "P(best)": number(row["p_best"], 2),
                "because": "; ".join(row["reasons"]),
            }
            for place, row in enumerate(document["ranking"], start=1)
        ],
        f"Sources for {document['target']}, best first",
    )
    if race := document.get("race"):
        print(race["told"])
    baselines = document["baselines"]
    print(
        f"baseline, mean rank on other targets: {', '.join(baselines['mean_rank']) or 'knows none of these'}"
    )
    print(f"baseline, always the most frequent winner: {baselines['always']}")
    for line in document.get("explanation", []):
        print(line)
    for known in document.get("similar", []):
        print(f"resembles {known['target']} ({known['told']}), where {' and '.join(known['best'])} did best")
    for line in document.get("would_change", []):
        print(f"could change the answer: {line}")
    away = document["not_at_hand"]
    for source in away[:SHOWN_AWAY]:
        print(f"not at hand: {source['source']} ({'; '.join(source['reasons'])}); {source['hint']}")
    if len(away) > SHOWN_AWAY:
        print(
            f"not at hand either, best known first: {', '.join(row['source'] for row in away[SHOWN_AWAY:])}"
        )
