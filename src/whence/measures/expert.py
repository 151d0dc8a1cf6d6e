"""In how many of the properties that experts see do two datasets differ?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from whence.measures.contract import Measure
from whence.stats.raters import Vote, majority

PROPERTIES = 6  # that the paper asks for; `whence.rating.questions` asks them


def expert(answers_a: ArrayLike, answers_b: ArrayLike) -> float:
    """Hamming distance between the majority answers: how many properties differ, 0 to 6; lower is closer.

    Both are (P,) answers that were voted already, or (R, P) with a row per rater, numbers or names; the two sets may
    have had different raters. "" and NaN mean "not answered": the vote is that of the others. A tie goes to the answer
    that sorts first; `expert_range` tells what other ways of breaking ties would give. With the paper's six properties
    this is the scale on which its authors published. Raises `ValueError` where the numbers of properties differ, or
    where nobody answered one of them.
    Source: van den Brandt et al. (2021), section IV-B.
    """
    return float(sum(a.winner != b.winner for a, b in _votes_of_both(answers_a, answers_b)))


def expert_range(answers_a: ArrayLike, answers_b: ArrayLike) -> tuple[float, float]:
    """The smallest and largest distance that breaking ties in other ways would give; equal where nothing is tied."""
    pairs = _votes_of_both(answers_a, answers_b)
    low = sum(not set(a.tied) & set(b.tied) for a, b in pairs)
    high = sum(a.is_tie or b.is_tie or a.winner != b.winner for a, b in pairs)
    return float(low), float(high)


def _votes_of_both(answers_a: ArrayLike, answers_b: ArrayLike) -> list[tuple[Vote, Vote]]:
    a, b = _rows(answers_a), _rows(answers_b)
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            f"answers to {a.shape[1]} and to {b.shape[1]} properties: as many of both are needed"
        )
    return list(zip(_votes(a), _votes(b), strict=True))


def _rows(given: ArrayLike) -> NDArray[Any]:
    answers = np.atleast_2d(np.asarray(given))
    if answers.ndim != 2 or not answers.size or answers.dtype.kind not in "biufU":
        raise ValueError(
            f"answers have shape {answers.shape} and type {answers.dtype}: (P,) or (R, P) numbers or names are needed"
        )
    return answers


def _votes(answers: NDArray[Any]) -> list[Vote]:
    votes = []
    for number, column in enumerate(answers.T):
        answered = column[column != ""] if column.dtype.kind == "U" else column[~np.isnan(column)]
        if not len(answered):
            raise ValueError(f"nobody answered property {number}: at least one answer to each is needed")
        votes.append(majority(answered))
    return votes


MEASURE = Measure(
    name="expert",
    kind="distance",
    compute=expert,
    higher_is_better=False,
    bounds=(0.0, float(PROPERTIES)),
    needs=("raters",),
    symmetric=True,
    zero_on_itself=True,
    cost="some minutes of each expert's time; none of the machine's",
    citation="van den Brandt, Fok, Mulders, Vanschoren, Cheplygina: Cats, not CAT scans: a study of dataset similarity "
    "in transfer learning for 2D medical image classification. arXiv:2107.05940 (2021)",
    meaning="Experts look at nine images of each dataset and answer six questions: medical or not, grey or colour, "
    "objects or textures, which kind of them, how diverse, how many classes. The number counts the questions that "
    "most of them answered differently for the two datasets: 0 is the same in all, 6 in none.",
    trust="Where several experts rated and agreed: `whence rate` prints Fleiss' κ, and which votes were ties. In the "
    "paper it went along with transfer only weakly (r = 0.24 over 24 pairs, not significant).",
    blind_to="everything that the six questions do not ask; degrees, since grey against colour counts as much as two "
    "classes against three",
)
