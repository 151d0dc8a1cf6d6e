"""Sources for one target, best first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whence.api.saying import Say, silent
from whence.data import Dataset, open_dataset
from whence.nets.forward import check_device
from whence.study.engines import make_engine

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Ranking:
    """Sources for one target, best first. `document` is what `whence rank --json` prints."""

    document: dict[str, Any]

    @property
    def best(self) -> str:
        """The source that is ranked first."""
        return str(self.document["ranking"][0]["source"])

    def to_frame(self) -> pd.DataFrame:
        """One row per source, best first: source, predicted, low, high, transferability, p_best, reasons."""
        import pandas as pd

        return pd.DataFrame(self.document["ranking"])

    def report(self, path: str | Path) -> Path:
        """Write the ranking as one self-contained HTML page; return its path."""
        from whence.paths import replacing
        from whence.report.ranking_page import render_ranking

        with replacing(Path(path)) as file:
            file.write(render_ranking(self.document))
        return Path(path)


def rank(
    target: Dataset | str | Path,
    *,
    sources: Sequence[str] | None = None,
    backbone: str = "resnet50",
    size: int = 64,
    folds: int = 5,
    budget: str | None = None,
    recipe: str | Mapping[str, Any] = "small",
    seed: int = 1,
    device: str = "auto",
    engine: str = "local",
    workers: int | None = None,
    skip_unreadable: bool = False,
    say: Say = silent,
) -> Ranking:
    """Rank sources for a target on the evidence there is: published outcomes, a probe of each source's features
    on the target, outcomes measured on this target before, and, where `budget` allows for it, a race. Scores that were
    taken on it before (`scores`) are shown.

    Without `sources`, the candidates are the checkpoints of this backbone in the cache, ImageNet's weights if
    they can be had, and `none`. `budget`, such as "30m" or "k=3" (as much as fine-tuning three sources), is what short
    fine-tunings by `recipe` at `size` may cost; the same call goes on with a race that was cut off. Raises `InputError`
    for what cannot be opened or has too few images, `WorkFailed` where a fine-tuning failed.
    """
    from whence.knowledge import describe, known_outcomes, scores_on
    from whence.recommend.candidates import find_candidates
    from whence.recommend.racing import read_budget, run_race
    from whence.recommend.ranking import document
    from whence.recommend.situation import look_at

    allowed = read_budget(budget) if budget else None
    if not isinstance(target, Dataset):
        target = open_dataset(target, skip_unreadable=skip_unreadable)
    device = check_device(device)
    found = find_candidates(
        target, sources, backbone, size=size, folds=folds, seed=seed, device=device, say=say
    )
    known = known_outcomes(without_target=target.fingerprint)
    situation = look_at(found.candidates, known, target.name, seed=seed)
    answer = partial(
        document, found.candidates, situation, target.name,
        target=describe(target), scores=scores_on(target.fingerprint, backbone),
    )  # fmt: skip
    if allowed is None:
        return Ranking(answer())
    settings = {"base": recipe} if isinstance(recipe, str) else dict(recipe)
    with closing(make_engine(engine, workers=workers, device=device)) as chosen:
        raced = run_race(
            target, found.starts, situation, allowed, chosen, backbone=backbone, recipe=settings | {"size": size},
            folds=folds, seed=seed, device=device, say=say,
        )  # fmt: skip
    told = answer(raced.runs, race_open=raced.over == "budget")
    return Ranking(told | {"race": raced.document(situation, allowed)})
