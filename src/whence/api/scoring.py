"""Transferability scores: checkpoint × target."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whence.api.saying import Say, silent
from whence.api.training import Checkpoint
from whence.data import Dataset, open_dataset
from whence.errors import InputError
from whence.nets.forward import check_device
from whence.records import Value, as_row

if TYPE_CHECKING:
    from whence.recommend.scoring import Scores


def score(
    measure: str,
    source: Checkpoint | str | Path,
    target: Dataset | str | Path,
    *,
    layer: str = "penultimate",
    backbone: str = "resnet50",
    size: int = 64,
    seed: int = 1,
    device: str = "auto",
    draws: int = 50,
    say: Say = silent,
) -> Value:
    """One score of a source on a target: `.value`, its 90 % interval `.low` to `.high`, and `.seconds`.

    Arguments as for `scores`. Raises `InputError` where the measure does not apply, saying why.
    """
    found = scores(
        target, [source], measures=[measure], layers=[layer], backbone=backbone, size=size, seed=seed, device=device,
        draws=draws, say=say,
    )  # fmt: skip
    return found.values[0].value


def scores(
    target: Dataset | str | Path,
    sources: Sequence[Checkpoint | str | Path],
    *,
    measures: Sequence[str] = (),
    layers: Sequence[str] = ("penultimate",),
    backbone: str = "resnet50",
    size: int = 64,
    folds: int = 5,
    seed: int = 1,
    device: str = "auto",
    draws: int = 50,
    skip_unreadable: bool = False,
    say: Say = silent,
) -> Scores:
    """Transferability scores of sources on a target, ranked within each measure; all that apply without `measures`.

    Sources are named as for `rank`; a dataset must have been pretrained on. A checkpoint that says of which backbone it
    is, is read as that one. `draws` is the number of half samples behind each interval (0: none). The values are kept
    in the knowledge base of this machine. Raises `InputError` for what cannot be opened, an unknown measure or layer,
    and where no measure applies.
    """
    from whence.recommend.scoring import Settings, score_sources

    if not sources:
        raise InputError("a source and a target are needed: give at least one source before the target")
    if not isinstance(target, Dataset):
        target = open_dataset(target, skip_unreadable=skip_unreadable)
    names = [source.source if isinstance(source, Checkpoint) else str(source) for source in sources]
    settings = Settings(tuple(layers), size, folds, seed, check_device(device), draws)
    found = score_sources(target, names, backbone, measures=measures, settings=settings, say=say)
    _keep(found, target)
    return found


def _keep(found: Scores, target: Dataset) -> None:
    """Remember the values, one measure per layer where there are several."""
    import pandas as pd

    from whence.knowledge import keep_values
    from whence.knowledge.values import one_measure_a_layer

    table = pd.DataFrame(scores_document(found)["values"]).assign(target_fingerprint=target.fingerprint)
    keep_values(f"scores-{target.name}", one_measure_a_layer(table), "whence score")


def scores_document(found: Scores) -> dict[str, Any]:
    """The document of `whence score --json`."""
    return {
        "values": [
            {
                **as_row(row.value),
                "layer": row.layer,
                "backbone": row.backbone,
                "rank": row.rank,
                "note": row.note,
            }
            for row in found.values
        ],
        "left_out": [{"measure": m, "source": s, "reason": why} for m, s, why in found.left_out],
    }
