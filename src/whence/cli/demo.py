"""whence demo: a small real study and a ranking, start to finish, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from whence.cli.common import Device, Json, Quiet, Seed, Workers, print_json, print_table, speaker, verb
from whence.cli.rank import tell


@verb
def demo(
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder for results and pages.")] = Path(
        "whence-demo"
    ),
    workers: Workers = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 1,
    device: Device = "cpu",
) -> None:
    """Run a small real study and a ranking on pictures that are here already."""
    from whence import api
    from whence.study.demo import STUDY, TARGET
    from whence.study.summary import summary_rows

    say = speaker(quiet)
    say("Does a network that has seen photographs, or textures, read stained tissue and a retina better?")
    study = api.Study.from_fields(STUDY | {"seed": seed}, output)
    status = study.run(workers=workers, device=device, say=say)
    api.raise_failures(status)
    study_page = study.report(output / "study.html", device=device)
    say(f"ranking sources for {TARGET}")
    ranking = api.rank(
        TARGET,
        sources=STUDY["sources"],
        backbone=STUDY["backbone"],
        size=STUDY["recipe"]["size"],
        folds=STUDY["folds"],
        seed=seed,
        device=device,
        say=say,
    )
    ranking_page = ranking.report(output / "ranking.html")
    if json:
        pages = {"study": str(study_page), "ranking": str(ranking_page)}
        print_json(ranking.document | {"pages": pages})
        return
    rows = summary_rows(study.outcomes(device=device))
    print_table([{k: row[k] for k in ("target", "source", "AUC", "sd", "folds")} for row in rows])
    for found in study.verdicts(device=device):
        print(f"{found.headline} {found.detail}")
    print()
    tell(ranking)
    print(f"\nthe study:   {study_page}")
    print(f"the ranking: {ranking_page}")
    print("next, with a folder per class of your own images: whence rank YOUR-FOLDER -o ranking.html")
