"""How soon a fine-tuning shows where it will end: what a validation AUC after some epochs says of the final one.

On the logit scale, for source s on fold f after a share e of the epochs,

    validation(s, f, e)  =  final(s) − shift(e) + early(s, e) + fold(f) + noise(s, f, e)

`final` is the mean over folds of the test AUC after the last epoch. `shift` is common to all sources; `early` is
how far a source lies off the others' pace at that time; `fold` what a fold's images do to all sources alike; `noise`
the rest. The variances are learned from the curves of other targets. Those of `fold` and `noise` come from the few
validation images, so they are kept as multiples of `sampling_variance`: 400 images err less than 40, and AUCs near 1
err more on this scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from whence.knowledge.grid import grid_pace
from whence.recommend.experience import logit
from whence.recommend.model import Observed

Floats = NDArray[np.float64]
LEAST = 1e-3  # of a variance: a quarter of an AUC point at 0.9
LEAST_RATIO = 0.05  # of a variance that comes from sampling


@dataclass(frozen=True)
class Pace:
    """Learned at `shares` (m,) of the epochs, rising to 1: `shift`, and the variances `early`, `fold`, `noise` (m,).

    `fold` and `noise` are multiples of `sampling_variance`.
    """

    shares: Floats
    shift: Floats
    early: Floats
    fold: Floats
    noise: Floats

    def at(self, share: float) -> tuple[float, float, float, float]:
        """Shift and the three variances after a share of the epochs, between the learned ones by a straight line."""
        columns = (self.shift, self.early, self.fold, self.noise)
        return tuple(float(np.interp(share, self.shares, column)) for column in columns)  # type: ignore[return-value]


def shipped_pace() -> Pace:
    """What our own grid has taught (`knowledge.grid`): networks of one size, one recipe of 12 epochs."""
    table = grid_pace()
    return Pace(*(table[field.name].to_numpy(dtype=np.float64) for field in fields(Pace)))


# Where nothing has been learned: after a quarter of the epochs much is open, at the end the folds' noise is left.
UNKNOWN_PACE = Pace(
    np.array([0.25, 0.5, 1.0]),
    np.array([0.5, 0.25, 0.0]),
    np.array([0.2, 0.1, 0.02]),
    np.array([1.0, 1.0, 1.0]),
    np.array([0.5, 0.5, 0.5]),
)


@dataclass(frozen=True, slots=True)
class Run:
    """One fold of one source: the validation AUC, on `images` images, after each epoch so far of `whole`."""

    source: int
    fold: int
    whole: int
    curve: tuple[float, ...]
    images: int

    @property
    def epochs(self) -> int:
        """How far it has come."""
        return len(self.curve)

    def until(self, epochs: int) -> Run:
        """The run as it stood after so many epochs."""
        return replace(self, curve=self.curve[:epochs])


def damped_logit(auc: NDArray[np.float64] | float, images: NDArray[np.int64] | int) -> Floats:
    """Logit of AUCs as if half an image more were ranked wrongly: 1.0 on 40 images is not infinitely good."""
    return np.asarray(logit(damped(auc, images)))


def damped(auc: NDArray[np.float64] | float, images: NDArray[np.int64] | int) -> Floats:
    """AUCs as if half an image more were ranked wrongly, and half an image more rightly."""
    return np.asarray((np.asarray(auc, dtype=np.float64) * images + 0.5) / (np.asarray(images) + 1.0))


def sampling_variance(auc: float, images: float) -> float:
    """Of the logit of a share of this size among so many images (delta method); an AUC's is a multiple of it."""
    return 1 / (images * auc * (1 - auc))


def learn_pace(curves: pd.DataFrame) -> Pace:
    """Learn from curves of whole fine-tunings; the target that is to be predicted must not be among them.

    Columns: target, source, fold, epoch, epochs, validation_auc, validation_images, final (the mean over folds of the
    final test AUC), test_images (all folds'). Every target's sources share its folds. Needs a target with three
    sources and two folds at least; else `UNKNOWN_PACE`.
    """
    found: list[tuple[float, ...]] = []
    seen = damped(curves["validation_auc"].to_numpy(), curves["validation_images"].to_numpy())
    table = curves.assign(
        auc=seen,
        off=logit(seen) - damped_logit(curves["final"].to_numpy(), curves["test_images"].to_numpy()),
        share=curves["epoch"] / curves["epochs"],
    )
    for share, at in table.groupby("share"):
        parts = [part for _, of_target in at.groupby("target") if (part := _parts(of_target))]
        if parts:
            found.append((float(str(share)), *np.mean(parts, axis=0)))
    if not found:
        return UNKNOWN_PACE
    shares, shift, early, fold, noise = np.array(found).T
    return Pace(
        shares, shift, np.maximum(early, LEAST), np.maximum(fold, LEAST_RATIO), np.maximum(noise, LEAST_RATIO)
    )


def _parts(of_target: pd.DataFrame) -> tuple[float, float, float, float] | None:
    """Shift and variance components of one target at one time, sources × folds: two ways, no replication."""
    off = of_target.pivot_table(index="source", columns="fold", values="off")
    values = off.dropna().to_numpy(dtype=np.float64)
    sources, folds = values.shape
    if sources < 3 or folds < 2:
        return None
    by_source, by_fold = values.mean(axis=1), values.mean(axis=0)
    rest = values - by_source[:, None] - by_fold + values.mean()
    noise = float((rest**2).sum()) / ((sources - 1) * (folds - 1))
    early = max(float(by_source.var(ddof=1)) - noise / folds, 0.0)
    fold = max(float(by_fold.var(ddof=1)) - noise / sources, 0.0)
    unit = sampling_variance(float(of_target["auc"].mean()), float(of_target["validation_images"].mean()))
    return -float(values.mean()), early, fold / unit, noise / unit


def observe(runs: Sequence[Run], pace: Pace) -> Observed:
    """What runs say of the final AUCs: each run once, as far as it has come, with the errors they have in common."""
    places = [pace.at(run.epochs / run.whole) for run in runs]
    seen = [
        float(damped_logit(run.curve[-1], run.images)) + shift
        for run, (shift, *_) in zip(runs, places, strict=True)
    ]
    units = [sampling_variance(_level(runs, run.epochs), run.images) for run in runs]
    errors = [
        (early, fold * unit, own * unit) for (_, early, fold, own), unit in zip(places, units, strict=True)
    ]
    noise = np.zeros((len(runs), len(runs)))
    for i, (a, (early_a, fold_a, own)) in enumerate(zip(runs, errors, strict=True)):
        for j, (b, (early_b, fold_b, _)) in enumerate(zip(runs, errors, strict=True)):
            if a.source == b.source:  # further epochs of one training: as close as the later is to its end
                noise[i, j] += min(early_a, early_b)
            if a.fold == b.fold:
                noise[i, j] += min(fold_a, fold_b)
        noise[i, i] += own
    return Observed([run.source for run in runs], np.array(seen), noise)


def _level(runs: Sequence[Run], epochs: int) -> float:
    """The mean AUC of all runs after so many epochs: steadier than each one's own."""
    return float(np.mean([damped(run.curve[epochs - 1], run.images) for run in runs if run.epochs >= epochs]))


def measured_curves(curves: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Curves as `learn_pace` takes them, from the tables of a study.

    A fold's validation part is as large as its test part (the design's folds halve what is held out).
    """
    final = outcomes.groupby(["target", "source"]).agg(
        final=("auc", "mean"), all_tested=("test_images", "sum")
    )
    kept = outcomes[["job", "target", "source", "fold", "epochs", "test_images"]]
    joined = curves.merge(kept, on="job").merge(final.reset_index(), on=["target", "source"])
    return joined.rename(columns={"test_images": "validation_images", "all_tested": "test_images"})
