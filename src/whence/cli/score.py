"""whence score SOURCE... TARGET: transferability scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from whence.cli.common import (
    Backbone,
    Device,
    Json,
    Quiet,
    Seed,
    Size,
    SkipUnreadable,
    listed,
    print_json,
    print_table,
    speaker,
    verb,
)

if TYPE_CHECKING:
    from whence.recommend.scoring import Scores


@verb
def score(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE... TARGET",
            help="Sources (none, imagenet, file:PATH, pulled:NAME, timm:MODEL, a pretrained dataset), then the target.",
        ),
    ],
    measure: Annotated[
        list[str] | None,
        typer.Option("--measure", help="A score by name; repeatable. All that apply if omitted."),
    ] = None,
    layers: Annotated[
        str, typer.Option(help="Comma-separated: penultimate, or stages of the backbone such as layer3.")
    ] = "penultimate",
    backbone: Backbone = "resnet50",
    size: Size = 64,
    draws: Annotated[
        int, typer.Option(min=0, max=10_000, help="Half samples for each interval; 0 for no such intervals.")
    ] = 50,
    skip_unreadable: SkipUnreadable = False,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """Score sources on a target: how well do their features suit it, before any fine-tuning?"""
    from whence import api

    *sources, target = names
    found = api.scores(
        target,
        sources,
        measures=measure or (),
        layers=listed(layers),
        backbone=backbone,
        size=size,
        seed=seed,
        device=device,
        draws=draws,
        skip_unreadable=skip_unreadable,
        say=speaker(quiet),
    )
    print_json(api.scores_document(found)) if json else tell(found, target)


def tell(found: Scores, target: str) -> None:
    """Print scores as a person reads them."""

    def number(value: float | None) -> str:
        return "–" if value is None else f"{value:.4g}"

    print_table(
        [
            {
                "measure": row.value.measure,
                "rank": str(row.rank),
                "source": row.value.source,
                "backbone": row.backbone,
                "layer": row.layer,
                "value": number(row.value.value),
                "90 % interval": "–"
                if row.value.low is None
                else f"{number(row.value.low)} to {number(row.value.high)}",
                "seconds": f"{row.value.seconds:.2f}",
            }
            for row in found.values
        ],
        f"Scores on {target}, best first",
    )
    for reason in dict.fromkeys(f"left out: {m} of {s}: {why}" for m, s, why in found.left_out):
        print(reason)
    for row in found.values:
        if row.note:
            print(f"mind ({row.value.source}, {row.layer}): {row.note}")
    print(
        "What each measure means and when to trust it: docs/measures.md. No score alone has beaten experience with"
    )
    print("other targets: `whence rank` uses both.")
