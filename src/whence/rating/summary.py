"""What the raters said together: majority votes with their ties, distances between datasets, agreement."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from whence.measures.expert import expert, expert_range
from whence.rating.names import AUTOMATIC
from whence.rating.questions import PROPERTIES, QUESTIONS
from whence.rating.sheets import Sheet
from whence.records import Value, as_row
from whence.stats.raters import RaterAgreement, Vote, counted, majority, rater_agreement


@dataclass(frozen=True)
class Summary:
    """The raters' common answer. `votes`: dataset → property → vote, None where nobody answered.

    `filled` are the (dataset, property) that no person answered and the automatic rater did. `distances` hold one value
    for each two datasets whose properties are all answered; `low` and `high` are what other ways of breaking ties would
    give. `agreements`: property → Fleiss' κ of the people over the datasets; "all" pools the six.
    `automatic_agrees`: in how many votes of people the automatic rater is of their mind, and of how many.
    """

    raters: tuple[Sheet, ...]
    datasets: tuple[str, ...]
    votes: dict[str, dict[str, Vote | None]]
    filled: frozenset[tuple[str, str]]
    distances: tuple[Value, ...]
    agreements: dict[str, RaterAgreement]
    automatic_agrees: tuple[int, int]

    def ties(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """(dataset, property, the tied answers) for every vote that is a tie."""
        return [
            (dataset, key, tuple(map(str, vote.tied)))
            for dataset, of_dataset in self.votes.items()
            for key, vote in of_dataset.items()
            if vote is not None and vote.is_tie
        ]


def summarise(sheets: Sequence[Sheet], datasets: Sequence[str] | None = None) -> Summary:
    """The summary of some raters on some datasets; all that any of them rated, where no datasets are given."""
    names = list(dict.fromkeys(datasets or (name for sheet in sheets for name in sheet.answers)))
    people = [sheet for sheet in sheets if sheet.rater != AUTOMATIC]
    given = {name: raters_answers(sheets, name) for name in names}
    tables = [
        counted([[_code(sheet, name, k) for sheet in people] for name in names], len(question.answers))
        for k, question in enumerate(QUESTIONS)
    ]
    several = bool(names) and len(people) > 1
    filled = frozenset(
        (name, key)
        for name in names
        for key in PROPERTIES
        if not any(key in sheet.of(name) for sheet in people)
        and any(key in sheet.of(name) for sheet in sheets)
    )
    return Summary(
        raters=tuple(sheets),
        datasets=tuple(names),
        votes={
            name: {key: _vote(given[name][:, k], k) for k, key in enumerate(PROPERTIES)} for name in names
        },
        filled=filled,
        distances=tuple(
            _distance(a, b, given[a], given[b])
            for a, b in combinations(names, 2)
            if _complete(given[a]) and _complete(given[b])
        ),
        agreements={
            **{key: rater_agreement(table) for key, table in zip(PROPERTIES, tables, strict=True)},
            "all": rater_agreement(*tables),
        }
        if several
        else {},
        automatic_agrees=_automatic_agrees(sheets, people, names),
    )


def raters_answers(sheets: Sequence[Sheet], dataset: str) -> npt.NDArray[np.float64]:
    """What `whence.measures.expert` takes: answers (R, 6) as their places in the lists of questions, NaN where open.

    A row for each person, and one in which the automatic rater answers what no person did.
    """
    people = [sheet for sheet in sheets if sheet.rater != AUTOMATIC]
    rows = [[_code(sheet, dataset, k) for k in range(len(PROPERTIES))] for sheet in people]
    table = np.array(rows, dtype=np.float64).reshape(len(rows), len(PROPERTIES))
    for sheet in sheets:
        if sheet.rater == AUTOMATIC:
            own = np.array([_code(sheet, dataset, k) for k in range(len(PROPERTIES))], dtype=np.float64)
            table = np.vstack([table, np.where(np.isnan(table).all(axis=0), own, np.nan)])
    return table


def document(summary: Summary) -> dict[str, Any]:
    """The JSON document of `whence rate`; what is not a number is null."""
    return {
        "raters": [
            {
                "rater": sheet.rater,
                "datasets": sum(sheet.is_complete(name) for name in summary.datasets),
                "answers": sum(len(sheet.of(name)) for name in summary.datasets),
            }
            for sheet in summary.raters
        ],
        "datasets": [
            {
                "dataset": name,
                "votes": {
                    key: None
                    if vote is None
                    else {
                        "answer": vote.winner,
                        "votes": vote.votes,
                        "of": vote.of,
                        "tied": list(vote.tied) if vote.is_tie else [],
                        "by": AUTOMATIC if (name, key) in summary.filled else "raters",
                    }
                    for key, vote in summary.votes[name].items()
                },
            }
            for name in summary.datasets
        ],
        "values": [as_row(value) for value in summary.distances],
        "agreement": [
            {"property": key, "kappa": found.kappa, "low": found.low, "high": found.high, "note": found.note}
            for key, found in summary.agreements.items()
        ],
        "automatic": {"agrees": summary.automatic_agrees[0], "of": summary.automatic_agrees[1]},
    }


def _code(sheet: Sheet, dataset: str, k: int) -> int | None:
    answer = sheet.of(dataset).get(PROPERTIES[k])
    return None if answer is None else QUESTIONS[k].accepted.index(answer)


def _vote(codes: npt.NDArray[np.float64], k: int) -> Vote | None:
    given = codes[~np.isnan(codes)].astype(int)
    if not len(given):
        return None
    vote = majority(given)
    words = QUESTIONS[k].accepted
    return Vote(words[int(vote.winner)], tuple(words[int(code)] for code in vote.tied), vote.votes, vote.of)


def _complete(given: npt.NDArray[np.float64]) -> bool:
    return bool(len(given)) and not np.isnan(given).all(axis=0).any()


def _distance(a: str, b: str, of_a: npt.NDArray[np.float64], of_b: npt.NDArray[np.float64]) -> Value:
    began = time.perf_counter()
    value = expert(of_a, of_b)
    low, high = expert_range(of_a, of_b)
    return Value("expert", "distance", a, b, value, low, high, time.perf_counter() - began)


def _automatic_agrees(
    sheets: Sequence[Sheet], people: Sequence[Sheet], names: Sequence[str]
) -> tuple[int, int]:
    automatic = next((sheet for sheet in sheets if sheet.rater == AUTOMATIC), None)
    if automatic is None:
        return 0, 0
    agrees, of = 0, 0
    for name in names:
        theirs = raters_answers(people, name)
        for k, key in enumerate(PROPERTIES):
            vote = _vote(theirs[:, k], k)
            if vote is not None and key in automatic.of(name):
                of += 1
                agrees += automatic.of(name)[key] in vote.tied
    return agrees, of
