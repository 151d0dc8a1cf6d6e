"""The evidence on each source in words, and how the order came about."""

from __future__ import annotations

from collections.abc import Container, Sequence

import pandas as pd

from whence.knowledge import plain_name
from whence.recommend.pace import Run

NAMED = 3  # sources that a sentence names


def experience_reason(
    standing: pd.DataFrame, name: str | None, kind: str | None = None, alike: Container[str] = ()
) -> str:
    """What is known of a source from other targets; `standing` must not hold the target. None: a new network.

    `alike` are the plain names of targets that show the same `kind` of image as the one that is asked about.
    """
    mine = standing[standing["source"] == name]
    if name is None or not len(mine):
        return "no outcome on another target is known for it: wide interval"
    targets, sources = mine["target"].nunique(), mine["sources"].mean()
    if targets == 1:
        return f"ranked {mine['rank'].mean():.1f} of {sources:.0f} sources on the one other target known"
    said = (
        f"ranked {mine['rank'].mean():.1f} on average of {sources:.0f} sources over {targets} other targets"
    )
    near = mine[[plain_name(str(target)) in alike for target in mine["target"]]]
    if near["target"].nunique() > 1:
        return f"{said}; first or second on {_often_first(near)} of {near['target'].nunique()} {kind} targets"
    return f"{said}; first or second on {_often_first(mine)} of them"


def _often_first(mine: pd.DataFrame) -> int:
    """On how many of the targets a source was first or second, by its mean rank there."""
    return int((mine.groupby("target")["rank"].mean() < 2.5).sum())


def probe_reason(probe: tuple[float, float] | None, better: int, probed: int) -> str | None:
    """What its frozen features show (AUC, standard error); `better` of the `probed` sources show more."""
    if probe is None:
        return None
    verb = "separate" if probe[0] >= 0.6 else "hardly separate"
    said = f"its frozen features {verb} your classes: probe AUC {probe[0]:.2f} ± {probe[1]:.2f}"
    return said if probed < 2 else f"{said}, {_place(better + 1)} of {probed} probes"


def score_reason(scores: pd.DataFrame, name: str) -> str | None:
    """Where scores that were taken on the target place a source, on average; they are shown and weigh nothing.

    `scores` has the columns measure, source, value (higher is better), of the sources that are ranked.
    """
    several = scores[scores.groupby("measure")["source"].transform("nunique") > 1]
    ranks = several.groupby("measure")["value"].rank(ascending=False)
    mine = ranks[several["source"] == name]
    if not len(mine):
        return None
    taken = "a score" if len(mine) == 1 else f"{len(mine)} scores"
    of = several["source"].nunique()
    return f"{taken} taken here rank{'s' if len(mine) == 1 else ''} it {mine.mean():.1f} of {of} (shown only)"


def hint(name: str | None) -> str:
    """Where to get a source that is not at hand; None is a network known to nobody else."""
    if name == "none":
        return "needs no weights: name none among the sources"
    if name == "imagenet":
        return "timm's weights: they load where there is a network; without one give a file as file:PATH"
    if name is None or name in ("radimagenet", "medmnist"):
        return "give its weights as file:PATH"
    return f"pretrain on it (whence pretrain) where you have the images, or give weights trained on {name} as file:PATH"


def measured_reason(measured: tuple[float, float] | None, folds: int) -> str | None:
    """What fine-tuning it on this very target gave."""
    if measured is None:
        return None
    over = "one fold" if folds == 1 else f"{folds} folds"
    return f"measured here: AUC {measured[0]:.2f} ± {measured[1]:.2f} over {over}"


def race_reason(runs: Sequence[Run]) -> str | None:
    """How far it came in the race, and what it showed there."""
    if not runs:
        return None
    longest, shown = max(run.epochs for run in runs), [run.curve[-1] for run in runs]
    folds = "one fold" if len(runs) == 1 else f"{len(runs)} folds"
    return (
        f"raced here on {folds}, up to {longest} of {runs[0].whole} epochs: "
        f"validation AUC {sum(shown) / len(shown):.2f}"
    )


def race_told(over: str, seconds: float, share: float) -> str:
    """What a race cost, as a `share` of fine-tuning every source on every fold, and why it ended."""
    ends = {
        "settled": "It ended because, at 95 %, no other source is better than the first by half an AUC point",
        "budget": "It ended because its budget was spent: a larger one could change the answer",
        "everything tried": "It ended because every source had been fine-tuned on every fold",
    }
    return (
        f"The race took {seconds / 60:.1f} minutes of training, {100 * share:.0f} % of fine-tuning every source on "
        f"every fold (about {seconds / share / 60:.0f}). {ends[over]}."
    )


def explanation(
    *,
    targets: int,
    probed: int,
    measured: int,
    raced: int,
    pairs: int,
    level_known: bool,
    settled: bool,
    judged: pd.DataFrame,
) -> list[str]:
    """How the order was made and how well such orders did before, in plain sentences.

    `judged` is `evaluation.published_summary()`; `settled` tells whether a best source stands out.
    """
    made = [f"experience on {targets} other target{'' if targets == 1 else 's'}"] if targets else []
    made += [f"linear probes of {probed} source{'' if probed == 1 else 's'} on your images"] if probed else []
    made += [f"outcomes measured on this target for {measured}"] if measured else []
    made += [f"a race of {raced} source{'' if raced == 1 else 's'} on this target"] if raced else []
    said = [
        f"The order rests on {_list(made)}."
        if made
        else "Nothing is known of any candidate: no order is better."
    ]
    if probed and pairs:
        told = (
            ""
            if measured or raced
            else "Probes place only sources that experience does not know; of others they show the level. "
        )
        said.append(
            f"{told}How much a probe counts was learned from {pairs} pairs of our own grid: no other study has"
            " published probes beside outcomes."
        )
    ours, rank, always = judged.loc["experience"], judged.loc["mean rank"], judged.loc["always"]
    gain_low, gain_high = (float(ours.to_dict()[name]) for name in ("tau_gain_low", "tau_gain_high"))
    said.append(
        f"On {ours['targets']:.0f} published targets, each left out in turn, an order from experience reached a "
        f"weighted τ of {ours['weighted_tau']:.2f} and its first pick lost {ours['regret']:.4f} AUC; the mean rank on"
        f" other targets alone reached {rank['weighted_tau']:.2f} and {rank['regret']:.4f}, always the same source"
        f" lost {always['regret']:.4f}. {_against(gain_low, gain_high)}"
    )
    if not level_known:
        said.append("No probe and no outcome tells how hard this target is, so no AUC is predicted.")
    elif probed and not measured and not raced:
        said.append(
            "Predicted AUCs take fine-tuning to lift the probes' level as it did on our own grid: trust the order more "
            "than the level."
        )
    if not settled:
        said.append("No source stands out: trying the first two or three says more than this order does.")
    return said


def would_change(
    *, undecided: bool, raced: int, race_open: bool, untried: Sequence[str], away: Sequence[str]
) -> list[str]:
    """What could change the answer, in sentences, the most telling first.

    `race_open`: a race ended because its budget was spent. `untried`: candidates of which no outcome is known
    anywhere. `away`: sources that are not at hand and have the better mean rank on other targets than the first.
    """
    said = []
    if undecided and not raced:
        said.append(
            "Trying the first ones on your images: --budget k=3 does as much work as fine-tuning three sources."
        )
    if race_open:
        said.append("A larger budget: the race ended before the first was settled.")
    if away:
        said.append(
            f"Sources that are not at hand and did better on other targets than the first: {_first_few(away)}."
        )
    if untried:
        said.append(f"Outcomes of sources that nobody has tried on another target: {_first_few(untried)}.")
    return said


def _first_few(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return _list([*names[:NAMED], *([f"{more} more"] if more > 0 else [])])


def _list(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]


def _against(low: float, high: float) -> str:
    """The paired 95 % interval of the gain in weighted τ over the mean rank, in words."""
    if abs(low) < 1e-6 and abs(high) < 1e-6:
        return "On those targets it is the order of the mean rank."
    if low > 0:
        return f"That is better than the mean rank (gain in τ {low:+.2f} to {high:+.2f})."
    if high < 0:
        return (
            f"That is worse than the mean rank (gain in τ {low:+.2f} to {high:+.2f}): prefer its order below."
        )
    return f"The difference from the mean rank is within noise (gain in τ {low:+.2f} to {high:+.2f})."


def _place(number: int) -> str:
    return {1: "the best", 2: "second", 3: "third"}.get(number, f"number {number}")
