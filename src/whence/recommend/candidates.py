"""The sources that could be tried on a target here, and what this machine knows of each on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from whence.data import Dataset, Fold, cut, open_dataset
from whence.data.kept import write_array
from whence.errors import InputError
from whence.features.extract import features
from whence.features.kept import kept_path, read_kept
from whence.knowledge import source_name
from whence.measures import linear_probe_folds
from whence.nets.backbone import check_backbone, check_image_size
from whence.nets.sources import PULLED, find_source, pulled_checkpoints, source_kind, trained_on
from whence.nets.weights import read_record, weights_identity
from whence.paths import home, read_json
from whence.recommend.measured import Measured, measured_here
from whence.recommend.situation import Candidate
from whence.study.job import job_folder

Say = Callable[[str], None]
PROBE_VERSION = 2  # raise it when the same features would be probed otherwise


@dataclass(frozen=True)
class Start:
    """A source that can be loaded here: its weights (None for random ones) and how outcomes name it."""

    name: str
    trained_on: str | None
    weights: Path | None = None
    identity: str = ""  # hash of the weights' bytes
    pretraining: str = ""  # key of the job that made them, if it was ours


@dataclass(frozen=True)
class Found:
    """The candidates for a target, and what those at hand start from (in the same order, those at hand first)."""

    candidates: list[Candidate]
    starts: list[Start]


def find_candidates(
    target: Dataset,
    sources: Sequence[str] | None,
    backbone: str,
    *,
    size: int,
    folds: int,
    seed: int,
    device: str,
    say: Say,
) -> Found:
    """Every source with what is known of it on `target`: a probe of its features, outcomes measured here.

    Without `sources`: the checkpoints of this backbone in the cache, ImageNet's weights if they can be had, `none`.
    The probe uses the same folds as a study would. Raises `InputError` for a source that cannot be opened, and
    for a target that is too small to be cut.
    """
    check_backbone(backbone)
    check_image_size(backbone, size)
    cuts = cut(target, folds=folds, seed=seed)
    starts, away = _asked_for(sources, backbone, target) if sources else _at_hand(backbone, target, say)
    outcomes = measured_here(target, backbone)
    found = []
    for start in starts:
        say(f"probing {start.name} on {target.name} ({len(target)} images of {size} pixels)")
        probe = _probe(start, target, cuts, backbone, size, seed, device)
        measured = _outcomes(start, outcomes)
        found.append(Candidate(start.name, start.trained_on, probe, measured, price=_price(start)))
    missing = [Candidate(name, trained_on, at_hand=False) for name, trained_on in away]
    return Found(found + missing, starts)


def _probe(
    start: Start, target: Dataset, cuts: Sequence[Fold], backbone: str, size: int, seed: int, device: str
) -> list[float]:
    """The probe's AUC on each validation part; worked out once, and kept."""
    kept = kept_path(
        probe=PROBE_VERSION,
        dataset=target.fingerprint,
        backbone=backbone,
        weights=start.identity or f"random {seed}",
        size=size,
        folds=len(cuts),
        seed=seed,
        device=device,
    )
    known = read_kept(kept, len(cuts))
    if known is not None:
        return [float(value) for value in known]
    seen = features(target, backbone, start.weights, start.identity, size=size, seed=seed, device=device)
    found = linear_probe_folds(seen, target.labels, folds=judged_on(cuts))
    write_array(kept, found)
    return [float(value) for value in found]


def judged_on(cuts: Sequence[Fold]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """A study's folds for a measure: rows to learn from and to be judged on, none of them a test image.

    A measure chooses between sources, and its luck on the test images must not be theirs.
    """
    return [(fold.train, fold.validation) for fold in cuts]


def _outcomes(start: Start, outcomes: Measured) -> list[float] | None:
    """What was measured from this start, whether a study pretrained it or somebody gave it as a file."""
    names = (start.pretraining, start.identity) if start.weights else ("none",)
    return next((outcomes[name] for name in names if name in outcomes), None)


def _price(start: Start) -> float:
    """The seconds that a pretraining of ours took; 0 where somebody else paid."""
    result = job_folder("pretrain", start.pretraining) / "result.json"
    return float(read_json(result)["seconds"]) if start.pretraining and result.exists() else 0.0


def _asked_for(
    sources: Sequence[str], backbone: str, target: Dataset
) -> tuple[list[Start], list[tuple[str, str | None]]]:
    starts: list[Start] = []
    away: list[tuple[str, str | None]] = []
    for name in dict.fromkeys(sources):
        if source_kind(name) == "dataset":
            dataset, start = pretrained_on(name, backbone, target)
            starts += [start] if start else []
            away += [] if start else [(dataset.name, dataset.name)]
        else:
            starts.append(ready(name, backbone))
    return starts, away


def pretrained_on(name: str, backbone: str, target: Dataset) -> tuple[Dataset, Start | None]:
    """A source that is a dataset, and the checkpoint of it in the cache; `InputError` where it is the target."""
    dataset = open_dataset(name)
    if dataset.fingerprint == target.fingerprint:
        raise InputError(f"source {name!r} is the target itself; name other sources")
    mine = (start for start, fingerprint in checkpoints(backbone) if fingerprint == dataset.fingerprint)
    return dataset, next(mine, None)


def _at_hand(backbone: str, target: Dataset, say: Say) -> tuple[list[Start], list[tuple[str, str | None]]]:
    starts = [start for start, trained_on in checkpoints(backbone) if trained_on != target.fingerprint]
    away: list[tuple[str, str | None]] = []
    try:
        starts.append(ready("imagenet", backbone))
    except InputError as error:
        say(f"left out: {error}")
        away.append(("imagenet", "imagenet"))
    return [*starts, Start("none", "none")], away


def ready(name: str, backbone: str) -> Start:
    """A source that needs no pretraining: weights, or none. Raises `InputError` where they cannot be had."""
    source = find_source(name, backbone)
    if source.path is None:
        return Start("none", "none")
    record = read_record(source.path)
    shown = f"file:{source.path.stem}" if name.startswith("file:") else name
    own = "" if name.startswith(PULLED) else record.get("job", "")  # somebody else's job is not known here
    known = trained_on(source.path)
    if known:
        known = source_name(known, record.get("fingerprint", ""))
    return Start(shown, known, source.path, source.identity, own)


def checkpoints(backbone: str) -> list[tuple[Start, str]]:
    """Pretrained networks of this backbone in the cache, one per dataset and recipe, with the dataset's fingerprint.

    First those that were trained here, then those that were pulled from others.
    """
    found: dict[str, tuple[Start, str]] = {}
    for path in sorted((home() / "jobs" / "pretrain").glob("*/checkpoint.safetensors")):
        record = read_record(path)
        if record.get("arch") != backbone:
            continue
        name = record["trained_on"]
        if name in found:
            name = f"{name} ({record['job'][:8]})"
        start = Start(name, _known_as(record), path, weights_identity(path), record["job"])
        found[name] = (start, record["fingerprint"])
    here = {start.identity for start, _ in found.values()}
    for name, path in pulled_checkpoints().items():
        record, identity = read_record(path), weights_identity(path)
        if record["arch"] == backbone and identity not in here:  # else it is one of our own that came back
            found[name] = (Start(name, _known_as(record), path, identity), record["fingerprint"])
    return list(found.values())


def _known_as(record: Mapping[str, str]) -> str:
    return source_name(record["trained_on"], record["fingerprint"])
