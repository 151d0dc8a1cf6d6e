"""whence finetune SOURCE TARGET: the outcome of every fold."""

from __future__ import annotations

from typing import Annotated

import typer

from whence.cli.common import (
    Backbone,
    Device,
    Energy,
    Json,
    Quiet,
    RecipeName,
    Seed,
    Workers,
    print_json,
    print_table,
    speaker,
    verb,
)


@verb
def finetune(
    source: Annotated[
        str, typer.Argument(help="none, imagenet, file:PATH, pulled:NAME, timm:MODEL, or a dataset.")
    ],
    target: Annotated[str, typer.Argument(help="Path or name of the dataset to do well on.")],
    backbone: Backbone = "resnet50",
    recipe: RecipeName = "small",
    folds: Annotated[int, typer.Option(min=2, max=20, help="How many folds to cut.")] = 5,
    workers: Workers = None,
    energy: Energy = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """Fine-tune a source on a target, fold by fold: AUC and accuracy, mean ± sd."""
    from whence import api
    from whence.records import as_row
    from whence.study.summary import fold_metrics, summarise
    from whence.study.telling import recipe_document

    outcomes = api.finetune(
        source,
        target,
        backbone=backbone,
        recipe=recipe,
        folds=folds,
        seed=seed,
        device=device,
        workers=workers,
        energy=energy,
        say=speaker(quiet),
    )
    metrics = fold_metrics(outcomes, api.open_dataset(target).class_names)
    document = summarise(outcomes) | {
        "recipe": recipe_document(recipe, target),
        "metrics": {name: as_row(found) for name, found in metrics.items()},
    }
    if json:
        print_json(document)
        return
    print_table(
        [
            {
                "fold": o.fold + 1,
                "AUC": o.auc,
                "accuracy": o.accuracy,
                "converged": "yes" if o.converged else "no",
            }
            for o in outcomes
        ]
    )
    print_table(
        [
            {
                "metric": name.replace("_", " "),
                "mean over folds": found.value,
                "90 % interval": f"{found.low:.3f} to {found.high:.3f}",
                "note": found.note,
            }
            for name, found in metrics.items()
        ]
    )
    print(
        f"{document['source']} → {document['target']}: "
        f"AUC {document['auc']['mean']:.3f} ± {document['auc']['sd']:.3f}, "
        f"accuracy {document['accuracy']['mean']:.3f} ± {document['accuracy']['sd']:.3f} "
        f"(mean ± sd over {len(outcomes)} folds)"
    )
