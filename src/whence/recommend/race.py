"""The race: which short fine-tuning to run next, given what the earlier ones have shown.

Pure: it runs nothing. First the sources that experience puts in front are halved: all of them are trained on a fold or
two for a quarter of the epochs, the better half for half of them, the best for all. Then the leader and its strongest
rival get one whole fold after the other. What is known after every step is one posterior over all sources (experience,
probes, every run so far), and its mean, not the best single run, decides who stays and who wins.
Source of the halving: Jamieson, Talwalkar, *Non-stochastic best arm identification* (2016).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from whence.recommend.model import Belief
from whence.recommend.pace import Run
from whence.recommend.placing import placed

SETTLED = (
    0.95  # the probability that the leader is as good as the best, within the region of practical equivalence
)
HALVING = 2 / 3  # of the budget; the rest is for the last two
ROUNDS = (1 / 4, 1 / 2, 1.0)  # of the epochs


@dataclass(frozen=True, slots=True)
class Trial:
    """Train a source on a fold up to an epoch (whatever was trained of it before is not trained again)."""

    source: int
    fold: int
    epochs: int


@dataclass(frozen=True, slots=True)
class Track:
    """What can be run: `sources` of them, on `folds` folds, for `epochs` epochs each; `budget` in fold-epochs.

    `known` are sources measured on all folds before the race: they take part in it without a run.
    """

    sources: int
    folds: int
    epochs: int
    budget: float
    known: frozenset[int] = frozenset()

    @property
    def whole(self) -> float:
        """Fold-epochs of fine-tuning every source on every fold."""
        return float(self.sources * self.folds * self.epochs)

    def after(self, share: float) -> int:
        """The epoch at which a share of them is done, 1 at least."""
        return max(1, round(share * self.epochs))

    def first_trial(self, source: int) -> Trial:
        """What every source that takes part begins with."""
        return Trial(source, 0, self.after(ROUNDS[0]))


@dataclass(frozen=True)
class Step:
    """What to run next, and the belief that says so. Nothing to run: the race is over, and `over` says why."""

    trials: list[Trial]
    belief: Belief
    over: str = ""


Believe = Callable[[Sequence[Run]], Belief]


def next_step(track: Track, runs: Sequence[Run], believe: Believe, before: Sequence[int]) -> Step:
    """Decide on the next trials from all runs so far (each with the epochs that it has reached).

    `believe` gives the posterior after some runs; `before` are the sources by experience, best first. The same runs
    give the same step, so a race that was cut off is gone through again and goes on where it stood.
    """
    belief = believe(runs)
    left = track.budget - spent(runs)
    tried = track.known | {run.source for run in runs}
    near = belief.p_near if len(tried) > 1 else None
    if near is not None and near[leading(belief, before, tried)] >= SETTLED:
        return Step([], belief, "settled")
    for trials in (_halving(track, runs, believe, before), _duel(track, runs, belief, before)):
        missing = [trial for trial in trials if not _reached(runs, trial)]
        affordable = [t for i, t in enumerate(missing) if _cost(runs, missing[: i + 1]) <= left + 1e-9]
        if affordable:
            return Step(affordable, belief)
        if missing:
            return Step([], belief, "budget")
    return Step([], belief, "everything tried")


def leading(belief: Belief, before: Sequence[int], tried: Collection[int]) -> int:
    """The source that a race hands over: the best of those tried, by the posterior mean (`placed`)."""
    return placed(belief.expected, before, tried)[0]


def spent(runs: Sequence[Run]) -> float:
    """Fold-epochs of these runs."""
    return float(sum(run.epochs for run in runs))


def starters(track: Track) -> tuple[int, int]:
    """How many sources enter the halving, and on how many folds: all if the budget allows, else the first few."""
    most = max(HALVING * track.budget, track.epochs)
    all_of_them = track.sources - len(track.known)
    for folds in range(track.folds, 0, -1):
        if _halving_cost(track, all_of_them, folds) <= most:
            return all_of_them, folds
    fitting = [n for n in range(1, all_of_them) if _halving_cost(track, n, 1) <= most]
    return max(fitting, default=1), 1


def _halving(track: Track, runs: Sequence[Run], believe: Believe, before: Sequence[int]) -> list[Trial]:
    """The first unfinished round; who is in it was decided by the runs of the rounds before it alone."""
    count, folds = starters(track)
    alive = [source for source in before if source not in track.known][:count]
    seen = dict[tuple[int, int], Run]()
    reached = {(run.source, run.fold): run for run in runs}
    for share in ROUNDS:
        epochs = track.after(share)
        trials = [Trial(source, fold, epochs) for fold in range(folds) for source in alive]
        if any(not _reached(runs, trial) for trial in trials):
            return trials
        seen |= {(t.source, t.fold): reached[t.source, t.fold].until(epochs) for t in trials}
        tried = track.known | {source for source, _ in seen}
        order = placed(believe(list(seen.values())).expected, before, tried)
        alive = [source for source in order if source in alive][: max(1, len(alive) // 2)]
    return []


def _duel(track: Track, runs: Sequence[Run], belief: Belief, before: Sequence[int]) -> list[Trial]:
    """A whole fold for the leader and its strongest rival: the next one that each of them lacks."""
    order = placed(belief.expected, before, track.known | {run.source for run in runs})
    open_ = [
        s for s in order if s not in track.known and any(not _reached(runs, t) for t in _whole(track, s))
    ]
    if not open_:
        return []
    leader = order[0]
    rivals = sorted((s for s in open_ if s != leader), key=lambda s: -belief.p_best[s])
    pair = [s for s in (leader, *rivals[:1]) if s in open_]
    return [next(t for t in _whole(track, s) if not _reached(runs, t)) for s in pair]


def _whole(track: Track, source: int) -> list[Trial]:
    return [Trial(source, fold, track.epochs) for fold in range(track.folds)]


def _halving_cost(track: Track, sources: int, folds: int) -> float:
    total, before, alive = 0.0, 0, sources
    for share in ROUNDS:
        epochs = track.after(share)
        total += alive * folds * (epochs - before)
        before, alive = epochs, max(1, alive // 2)
    return total


def _reached(runs: Sequence[Run], trial: Trial) -> bool:
    return any(
        run.source == trial.source and run.fold == trial.fold and run.epochs >= trial.epochs for run in runs
    )


def _cost(runs: Sequence[Run], trials: Sequence[Trial]) -> float:
    """Fold-epochs that trials would add to the runs."""
    done = {(run.source, run.fold): run.epochs for run in runs}
    return float(sum(max(t.epochs - done.get((t.source, t.fold), 0), 0) for t in trials))
