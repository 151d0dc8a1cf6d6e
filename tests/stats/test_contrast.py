"""The mean difference of two ways, by plain loops, and what its interval is made of."""

import numpy as np
import pytest

from whence.stats import mean_contrast


def test_over_the_folds_that_both_have() -> None:
    random = np.random.default_rng(0)
    one, other = random.random((4, 3, 5)), random.random((4, 3, 5))
    one[0, 1] = np.nan
    other[2, 0, 3] = np.nan
    found = mean_contrast(one, other)
    means = []
    for s in range(4):
        for t in range(3):
            gaps = [a - b for a, b in zip(one[s, t], other[s, t], strict=True) if not np.isnan(a - b)]
            if gaps:
                means.append(sum(gaps) / len(gaps))
    assert found.mean == pytest.approx(np.mean(means))
    assert found.pairs == len(means) == 11
    assert found.low < found.mean < found.high


def test_what_makes_a_fold_easy_drops_out() -> None:
    random = np.random.default_rng(1)
    folds = random.normal(size=(1, 3, 5))
    found = mean_contrast(folds + 0.02, np.repeat(folds, 1, axis=0))
    assert [found.mean, found.low, found.high] == pytest.approx([0.02] * 3)
    with pytest.raises(ValueError, match="sources, targets, folds"):
        mean_contrast([1.0], [2.0])
