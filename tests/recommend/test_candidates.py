"""What is known of candidates: probes, kept, and the folds on which they and other measures are judged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from whence.data import ArrayStore, Dataset, cut, open_dataset
from whence.features.extract import features
from whence.measures import linear_probe_folds
from whence.nets.backbone import build
from whence.nets.weights import save_weights
from whence.recommend import candidates
from whence.recommend.candidates import find_candidates, judged_on
from whence.records import Card


def test_a_measure_neither_learns_from_a_test_image_nor_is_judged_on_one() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (60, 4, 4), dtype=np.uint8)
    target = Dataset("made", ("a", "b"), np.arange(60) % 2, ArrayStore(pixels), Card("made"))
    folds = cut(target, folds=3, seed=2)
    for fold, (learned, judged) in zip(folds, judged_on(folds), strict=True):
        assert judged.tolist() == fold.validation.tolist()
        assert sorted([*learned, *judged, *fold.test]) == list(range(60))


def test_a_probe_is_worked_out_once(
    picture_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = open_dataset(picture_folder(("healthy", "ill"), per_class=12))

    def found(folds: int) -> list[float]:
        asked = find_candidates(
            target, ["none"], "test_resnet", size=16, folds=folds, seed=1, device="cpu", say=lambda line: None
        )
        return list(asked.candidates[0].probe or ())

    first = found(2)
    monkeypatch.setattr(candidates, "features", None)  # it would be called
    assert found(2) == first
    with pytest.raises(TypeError):
        found(3)


def test_kept_probes_are_each_source_s_own(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    """What comes back is what the probe itself says of this source, in these folds."""
    target = open_dataset(picture_folder(("healthy", "ill"), per_class=12))
    weights = tmp_path / "start.safetensors"
    save_weights(weights, build("test_resnet", 2, 0.0, 5), {"arch": "test_resnet"})
    for _ in range(2):
        for seed in (1, 2):
            found = find_candidates(
                target, ["none", f"file:{weights}"], "test_resnet", size=16, folds=2, seed=seed, device="cpu",
                say=lambda line: None,
            )  # fmt: skip
            folds = judged_on(cut(target, folds=2, seed=seed))
            for candidate, start in zip(found.candidates, found.starts, strict=True):
                seen = features(target, "test_resnet", start.weights, start.identity, size=16, seed=seed)
                wanted = linear_probe_folds(seen, target.labels, folds=folds)
                assert list(candidate.probe or ()) == [float(value) for value in wanted]
