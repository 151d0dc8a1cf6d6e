"""whence knowledge list|add|remove|evaluate: the outcomes known, and how well each way of ranking does on them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from whence.cli.common import Device, Json, Quiet, Seed, print_json, print_table, speaker, verb

app = typer.Typer(
    help="The outcomes known, published and your own, and how well each way of ranking does on them.",
    rich_markup_mode=None,
)


@app.command("list")
@verb
def list_known(json: Json = False, quiet: Quiet = False, seed: Seed = 1, device: Device = "auto") -> None:
    """List every body of outcomes: how much it holds and where it comes from."""
    from whence.knowledge import bodies

    found = [asdict(body) for body in bodies()]
    if json:
        print_json({"known": found})
        return
    print_table([row | {"backbones": ", ".join(row["backbones"])} for row in found])


@app.command()
@verb
def add(
    what: Annotated[
        Path, typer.Argument(help="A study file (.yaml), a table (.csv), or a results archive (.zip).")
    ],
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """Add a study's outcomes, somebody's results archive, or a table: study, source, target, backbone, auc."""
    from whence import api

    kept = api.add_knowledge(what, device=device)
    if json:
        print_json({"added": kept})
    else:
        print("every outcome in it was known already" if kept is None else f"added as {kept}")


@app.command()
@verb
def remove(
    name: Annotated[str, typer.Argument(help="A name that `whence knowledge list` shows.")],
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """Remove one of your own bodies of outcomes. The study itself is left alone."""
    from whence.knowledge import forget

    forget(name)
    print_json({"removed": name}) if json else print(f"removed {name}")


@app.command()
@verb
def evaluate(
    outcomes: Annotated[
        Path | None, typer.Option(help="A table: study, source, target, backbone, auc (default: published).")
    ] = None,
    scores: Annotated[
        Path | None, typer.Option(help="A table: measure, source, target, value; higher is better.")
    ] = None,
    apart: Annotated[
        str, typer.Option(help="Leave out one target, or its whole family of targets.")
    ] = "target",
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """Leave each known target out in turn: how well would each way of ranking have done on it?"""
    from whence import api

    speaker(quiet)(f"leaving out one {apart} after the other")
    document = api.evaluate_knowledge(outcomes, scores, apart=apart)
    if json:
        print_json(document)
        return
    print(f"{len(document['targets'])} targets, each judged by what is known of the others:")
    shown = ("method", "weighted_tau", "low", "high", "regret", "top3", "coverage90")
    print_table([{k: "–" if m[k] is None else m[k] for k in shown} for m in document["methods"]])
    print("low, high: 95 % interval of the mean weighted τ over targets. regret: AUC lost by the first pick.")
