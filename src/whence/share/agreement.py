"""Two measurements of one study, compared fold by fold: what agrees, and how closely."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Literal

from whence.records import Outcome, Prediction
from whence.study.ledger import Measured

Verdict = Literal["equal", "within the folds' noise", "differs", "not run"]
VERDICTS: tuple[Verdict, ...] = ("equal", "within the folds' noise", "differs", "not run")
Setting = tuple[str, str, str, str, str, int]  # source, target, variant, backbone, recipe, seed
Cell = tuple[Setting, int]  # and the fold


@dataclass(frozen=True)
class FoldAgreement:
    """One fold of one source on one target: its AUC then and now, and how alike they are.

    "equal": every prediction on every test image is the same to the last bit. "within the folds' noise": the AUCs are
    no further apart than the standard deviation of the first study's folds in the same setting. "differs": they are
    further apart, or there is one fold only, so that no noise is known. "not run": it was not measured again.
    """

    source: str
    target: str
    backbone: str
    recipe: str
    seed: int
    fold: int
    then: float
    now: float | None
    noise: float | None  # NaN-free: None where the first study has one fold of it
    verdict: Verdict


@dataclass(frozen=True)
class BestAgreement:
    """Which source had the highest mean AUC on a target, then and now, of those measured both times."""

    target: str
    then: str
    now: str


def compare_folds(then: Iterable[Measured], now: Iterable[Measured]) -> list[FoldAgreement]:
    """Every fold of the first study beside the same one of the second; what only the second has is left out."""
    first, second = _by_cell(then), _by_cell(now)
    aucs: dict[Setting, list[float]] = defaultdict(list)
    for (setting, _), (row, _) in first.items():
        aucs[setting].append(row.auc)
    return [_agreement(*found, second.get(cell), aucs[cell[0]]) for cell, found in sorted(first.items())]


def best_sources(folds: Sequence[FoldAgreement]) -> list[BestAgreement]:
    """The best source of each target, backbone, recipe and seed, by its mean over folds that were measured twice."""
    cells: dict[tuple[str, str, str, int], dict[str, list[tuple[float, float]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for one in folds:
        if one.now is not None:
            cells[one.target, one.backbone, one.recipe, one.seed][one.source].append((one.then, one.now))
    found = []
    for (target, *_), sources in cells.items():
        if len(sources) > 1:
            then, now = (
                max(sorted(sources), key=lambda s: mean(pair[i] for pair in sources[s])) for i in (0, 1)
            )
            found.append(BestAgreement(target, then, now))
    return found


def counted(folds: Iterable[FoldAgreement]) -> dict[str, int]:
    """How many folds have each verdict."""
    found = [one.verdict for one in folds]
    return {verdict: found.count(verdict) for verdict in VERDICTS}


def _agreement(
    row: Outcome,
    predictions: Sequence[Prediction],
    again: tuple[Outcome, Sequence[Prediction]] | None,
    aucs: Sequence[float],
) -> FoldAgreement:
    noise = stdev(aucs) if len(aucs) > 1 else None
    verdict: Verdict
    if again is None:
        verdict = "not run"
    elif _told(predictions) == _told(again[1]) and row.auc == again[0].auc:
        verdict = "equal"
    elif noise is not None and abs(row.auc - again[0].auc) <= noise:
        verdict = "within the folds' noise"
    else:
        verdict = "differs"
    return FoldAgreement(
        row.source, row.target, row.backbone, row.recipe, row.seed, row.fold, row.auc,
        again[0].auc if again else None, noise, verdict,
    )  # fmt: skip


def _by_cell(measured: Iterable[Measured]) -> Mapping[Cell, tuple[Outcome, Sequence[Prediction]]]:
    return {
        ((row.source, row.target, row.target_variant, row.backbone, row.recipe, row.seed), row.fold): (
            row,
            one.predictions,
        )
        for one in measured
        if isinstance(row := one.row, Outcome)
    }


def _told(predictions: Sequence[Prediction]) -> list[tuple[str, int, tuple[float, ...]]]:
    return sorted((one.image, one.label, one.probabilities) for one in predictions)
