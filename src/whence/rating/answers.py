"""What the expert distance takes of each dataset: people's answers where there are any, else the automatic rater's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from whence.data import Dataset
from whence.errors import InputError
from whence.rating.automatic import rate
from whence.rating.names import AUTOMATIC
from whence.rating.sheets import Sheet, read_folder
from whence.rating.shown import names_of
from whence.rating.summary import raters_answers

Say = Callable[[str], None]


def answers_about(
    datasets: Sequence[Dataset], folder: Path | None = None, *, seed: int = 1, say: Say = lambda line: None
) -> list[npt.NDArray[np.float64]]:
    """For each dataset the answers (R, 6) that `whence.measures.expert` takes, complete.

    `folder` holds the raters' files (`whence rate -o`). The automatic rater, whose answers are worked out here and not
    read, fills in what no person answered, and `say` is told so. Raises `InputError` for a wrong file or folder, and
    `UnreadableImage`.
    """
    if folder and not folder.is_dir():
        raise InputError(
            f"{str(folder)!r} is no folder of answers; give the one that `whence rate -o` wrote to"
        )
    sheets = [sheet for sheet in read_folder(folder) if sheet.rater != AUTOMATIC] if folder else []
    found = []
    for dataset, name in zip(datasets, names_of(datasets), strict=True):
        answers = raters_answers(sheets, name)
        if not len(answers) or np.isnan(answers).all(axis=0).any():
            say(f"the automatic rater answers what nobody has about {name}")
            derived = {key: one.answer for key, one in rate(dataset, seed).items()}
            answers = raters_answers([*sheets, Sheet(AUTOMATIC, {name: derived})], name)
        found.append(answers)
    return found
