"""All verbs in one application. A verb loads what it needs when it is called: help is instant."""

from __future__ import annotations

from typing import Annotated

import typer

from whence.cli import (
    datasets,
    demo,
    distance,
    doctor,
    finetune,
    knowledge,
    look,
    paper,
    pretrain,
    rank,
    rate,
    run_job,
    score,
    share,
    study,
)

app = typer.Typer(
    name="whence",
    help="Which source should your small medical image set be transferred from, and how sure is that?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(demo.demo)
app.add_typer(datasets.app, name="datasets")
app.command("rank")(rank.rank)
app.command("score")(score.score)
app.command("rate")(rate.rate)
app.command("distance")(distance.distance)
app.command("pretrain")(pretrain.pretrain)
app.command("finetune")(finetune.finetune)
app.command("look")(look.look)
app.add_typer(study.app, name="study")
app.add_typer(knowledge.app, name="knowledge")
app.add_typer(share.app, name="share")
app.command("paper")(paper.paper)
app.command("run-job")(run_job.run_job)
app.command("doctor")(doctor.doctor)


@app.callback()
def whence(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)
    ] = False,
) -> None:
    """Which source should your small medical image set be transferred from, and how sure is that?"""
    if version:
        from whence import __version__

        print(__version__)
        raise typer.Exit
