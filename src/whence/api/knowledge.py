"""What is known, and how well each way of ranking would have done on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from whence.api.study import Study
from whence.errors import InputError

if TYPE_CHECKING:
    from whence.report.paper import PaperAnalysis


def add_knowledge(what: str | Path, *, device: str = "auto") -> str:
    """Add a study's outcomes (its file) or a table of outcomes (CSV) to the knowledge base; the name it is kept under.

    Raises `InputError` for a file that is neither, lacks a column, or holds no outcome.
    """
    from whence.knowledge import remember
    from whence.knowledge.tables import read_outcomes

    path = Path(what)
    if path.suffix in (".yaml", ".yml"):
        kept = Study.from_file(path).remember(device=device)
        if kept is None:
            raise InputError(
                f"the study of {str(path)!r} has no outcome yet; run it first: whence study run {path}"
            )
        return kept
    return remember(path.stem, read_outcomes(path), str(path.absolute()))


def evaluate_knowledge(
    outcomes: str | Path | None = None, scores: str | Path | None = None, *, apart: str = "target"
) -> dict[str, Any]:
    """How well each way of ranking does on targets left out in turn: the document of `whence knowledge evaluate`.

    Without `outcomes` (and `scores`) the published ones of Juodelyte et al. (2024) judge. See
    `recommend.evaluation.evaluate` for what the columns must be. Raises `InputError`.
    """
    import pandas as pd

    from whence.errors import unknown_name
    from whence.knowledge import published_outcomes, published_scores
    from whence.knowledge.tables import read_outcomes, read_scores
    from whence.recommend.evaluation import TRIES, evaluate, evaluation_document

    if apart not in ("target", "family"):
        raise unknown_name("way to leave out", apart, ["target", "family"])
    if outcomes is None:
        table, known = published_outcomes(), published_scores()
        table = table[table["study"] == "juodelyte2024"]
    else:
        table = read_outcomes(Path(outcomes))
        known = pd.DataFrame(columns=["measure", "source", "target", "value"])
    if scores is not None:
        known = read_scores(Path(scores))
    return evaluation_document(evaluate(table, known, apart=apart, races=TRIES))  # type: ignore[arg-type]


def analyse_paper(folder: str | Path | None = None) -> PaperAnalysis:
    """Recompute the paper's tables, figures and correlations from its published outcomes; write them into `folder`."""
    from whence.report.paper import analyse
    from whence.report.paper_page import write_paper

    found = analyse()
    if folder is not None:
        write_paper(found, Path(folder))
    return found
