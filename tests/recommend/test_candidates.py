"""The folds on which a measure is judged: what it learns from and what it is judged on make up the whole target."""

from __future__ import annotations

import numpy as np

from whence.data import ArrayStore, Dataset, cut
from whence.recommend.candidates import judged_on
from whence.records import Card


def test_a_measure_learns_from_all_that_is_not_tested() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (60, 4, 4), dtype=np.uint8)
    target = Dataset("made", ("a", "b"), np.arange(60) % 2, ArrayStore(pixels), Card("made"))
    folds = cut(target, folds=3, seed=2)
    for fold, (learned, judged) in zip(folds, judged_on(folds), strict=True):
        assert judged.tolist() == fold.test.tolist()
        assert sorted([*learned, *judged]) == list(range(60))
