"""What the verbs of a study share: the file, its seed, and the study that they name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from whence.api import Study

File = Annotated[Path, typer.Argument(help="The study file (YAML).")]
SeedOfFile = Annotated[
    int | None, typer.Option("--seed", min=0, help="Use this seed instead of the study file's.")
]


def open_study(file: Path, seed: int | None) -> Study:
    from whence.api import Study

    study = Study.from_file(file)
    if seed is not None:
        study.fields = study.fields.model_copy(update={"seed": [seed]})
    return study
