"""Distances: dataset × dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from whence.api.saying import Say, silent
from whence.api.training import Checkpoint
from whence.data import Dataset, open_dataset
from whence.errors import InputError
from whence.nets.forward import check_device
from whence.records import Value, as_row

if TYPE_CHECKING:
    from whence.recommend.distances import Distances


def distance(
    measure: str,
    a: Dataset | str | Path,
    b: Dataset | str | Path,
    *,
    probe: Checkpoint | str = "imagenet",
    backbone: str = "resnet50",
    size: int = 64,
    seed: int = 1,
    device: str = "auto",
    say: Say = silent,
) -> Value:
    """One distance between two datasets: `.value`, its 90 % interval `.low` to `.high`, and `.seconds`.

    Arguments as for `distances`, which also gives the noise floor that a distance has to be compared with. Raises
    `InputError` where the measure does not apply, saying why.
    """
    found = distances(
        [a, b],
        measures=[measure],
        probe=probe,
        backbone=backbone,
        size=size,
        seed=seed,
        device=device,
        say=say,
    )
    return found.values[0].value


def distances(
    datasets: Sequence[Dataset | str | Path],
    *,
    matrix: bool = False,
    measures: Sequence[str] = (),
    probe: Checkpoint | str = "imagenet",
    protocol: str = "halves",
    labels: int | str = 1,
    images: int | None = None,
    ratings: str | Path | None = None,
    backbone: str = "resnet50",
    size: int = 64,
    seed: int = 1,
    device: str = "auto",
    skip_unreadable: bool = False,
    say: Say = silent,
) -> Distances:
    """Distances between two datasets, or with `matrix` between any two of many, each beside its noise floor.

    All distances that apply without `measures`. `probe` is the network that looks at the images, named as a source of
    `rank`. Between two datasets a value is of all images; in a matrix, of samples that are of one size for all,
    `images` each (by default half of the smallest dataset, 500 at most). `protocol` and `labels` are Task2Vec's: see
    `whence.features.task2vec.embed`. `ratings` is the folder of experts' answers (`whence rate -o`); the automatic
    rater answers what nobody did. The values are kept in the knowledge base of this machine. Raises `InputError` for
    what cannot be opened, an unknown measure, and where no measure applies.
    """
    from whence.recommend.distances import measure_distances
    from whence.recommend.seen import Settings

    if not matrix and len(datasets) != 2:
        raise InputError(
            f"a distance takes two datasets, or more with --matrix (matrix=True); {len(datasets)} given"
        )
    opened = [
        d if isinstance(d, Dataset) else open_dataset(d, skip_unreadable=skip_unreadable) for d in datasets
    ]
    found = measure_distances(
        opened,
        raters=_raters(opened, measures, ratings, seed, say),
        measures=measures,
        probe=probe.source if isinstance(probe, Checkpoint) else probe,
        backbone=backbone,
        whole=not matrix,
        settings=Settings(size, images, protocol, _labels(labels), seed, check_device(device)),
        say=say,
    )
    told = found if ratings else _without_people(found)
    _keep(told, opened)
    return told


def _keep(found: Distances, datasets: Sequence[Dataset]) -> None:
    """Remember the values, and of which images they are."""
    import pandas as pd

    from whence.knowledge import keep_values

    table = pd.DataFrame([as_row(row.value) for row in found.values])
    prints = {dataset.name: dataset.fingerprint for dataset in datasets}
    keep_values("distances", table.assign(target_fingerprint=table["target"].map(prints)), "whence distance")


def _without_people(found: Distances) -> Distances:
    """The same, with a note where experts are asked and nobody has answered."""
    from whence.measures import get

    note = "no expert was asked (--ratings): the automatic rater's answers"
    asking = [
        row if "raters" not in get(row.value.measure).needs else replace(row, note=note)
        for row in found.values
    ]
    return replace(found, values=asking)


def _raters(
    datasets: Sequence[Dataset], measures: Sequence[str], ratings: str | Path | None, seed: int, say: Say
) -> list[Any]:
    """The experts' answers about each dataset, where a measure asks for them."""
    from whence.measures import get

    if measures and not any("raters" in get(name).needs for name in measures):
        return []
    from whence.rating import answers_about

    return answers_about(datasets, Path(ratings) if ratings else None, seed=seed, say=say)


def _labels(given: int | str) -> int | Literal["exact"]:
    """How many labels Task2Vec draws, as typed or as given."""
    if given == "exact":
        return "exact"
    if (isinstance(given, str) and not given.isascii()) or not str(given).isdigit() or int(given) < 1:
        raise InputError(f"labels is {given!r}; accepted is exact, or how many labels to draw per image")
    return int(given)


def distances_document(found: Distances) -> dict[str, Any]:
    """The document of `whence distance --json`."""
    return {
        "values": [
            {
                **as_row(row.value),
                "sampled": row.sampled,
                "noise": row.noise,
                "noise_high": row.noise_high,
                "below_noise": row.below_noise,
                "images": row.images,
                "note": row.note,
            }
            for row in found.values
        ],
        "noise": [as_row(row) for row in found.noise],
        "left_out": [
            {"measure": m, "source": a, "target": b, "reason": why} for m, a, b, why in found.left_out
        ],
    }


def draw_distances(found: Distances, path: str | Path) -> Path:
    """Write distances as clustered heat maps, one per measure: .svg, .pdf, .png or .html; return the path."""
    from whence.report.distances import draw

    draw(found, Path(path))
    return Path(path)
