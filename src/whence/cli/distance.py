"""whence distance A B: how unlike two datasets are, beside the noise; --matrix for many."""

from __future__ import annotations

from pathlib import Path
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
    print_json,
    print_table,
    say,
    speaker,
    verb,
)

if TYPE_CHECKING:
    from whence.recommend.distances import Distances


@verb
def distance(
    names: Annotated[list[str], typer.Argument(metavar="A B...", help="Datasets by path or name.")],
    measure: Annotated[
        list[str] | None,
        typer.Option("--measure", help="A distance by name; repeatable. All that apply if omitted."),
    ] = None,
    matrix: Annotated[
        bool, typer.Option("--matrix", help="More than two datasets: every pair, on samples of one size.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Also draw a clustered heat map: .svg, .pdf, .png or .html."),
    ] = None,
    probe: Annotated[
        str, typer.Option(help="The network that looks: imagenet, file:PATH, pulled:NAME, timm:MODEL, none.")
    ] = "imagenet",
    protocol: Annotated[
        str, typer.Option(help="Task2Vec's subsets: halves, or paper (100 subsets of 1 %).")
    ] = "halves",
    labels: Annotated[
        str, typer.Option(help="Task2Vec: labels drawn per image, or exact for the sum over all classes.")
    ] = "1",
    images: Annotated[
        int | None, typer.Option(min=2, help="Images in a sample (default: the smallest half, 500 at most).")
    ] = None,
    ratings: Annotated[
        Path | None,
        typer.Option(help="The folder of experts' answers (whence rate -o); else the automatic rater."),
    ] = None,
    backbone: Backbone = "resnet50",
    size: Size = 64,
    skip_unreadable: SkipUnreadable = False,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """How unlike are datasets? Every distance, beside the noise: the distance between halves of one dataset."""
    from whence import api

    if output:
        from whence.report.distances import check_suffix

        check_suffix(output)
    found = api.distances(
        names,
        matrix=matrix,
        measures=measure or (),
        probe=probe,
        protocol=protocol,
        labels=labels,
        images=images,
        ratings=ratings,
        backbone=backbone,
        size=size,
        seed=seed,
        device=device,
        skip_unreadable=skip_unreadable,
        say=speaker(quiet),
    )
    if output:
        api.draw_distances(found, output)
    print_json(api.distances_document(found)) if json else tell(found, matrix)
    if output:
        say(f"heat map: {output}")


def tell(found: Distances, matrix: bool) -> None:
    """Print distances as a person reads them."""
    from whence.report.distances import distance_rows, matrix_rows, noise_sentences

    if matrix:
        for name, rows in matrix_rows(found).items():
            print_table(rows, f"{name} (≈: below the noise; on the diagonal: the noise)")
    else:
        first = found.values[0].value
        print_table(distance_rows(found), f"Distances between {first.source} and {first.target}")
    for line in noise_sentences(found):
        print(line)
    for reason in dict.fromkeys(f"left out: {m}: {why}" for m, _, _, why in found.left_out):
        print(reason)
    for note in dict.fromkeys(f"mind ({row.value.measure}): {row.note}" for row in found.values if row.note):
        print(note)
    print("What each measure means and when to trust it: docs/measures.md.")
