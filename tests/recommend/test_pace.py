"""What an early epoch says of the end is learned as it was planted, and partial runs err together where they must."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whence.recommend.pace import (
    UNKNOWN_PACE,
    Pace,
    Run,
    damped_logit,
    learn_pace,
    measured_curves,
    observe,
    sampling_variance,
)

EPOCHS = 4
IMAGES = 10_000_000


def planted(
    seed: int, targets: int = 30, sources: int = 9, folds: int = 5
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A study's curves and outcomes in which shift, early, fold and noise have known sizes at half of the epochs."""
    random = np.random.default_rng(seed)
    curves, outcomes = [], []
    for target in range(targets):
        fold_effect = random.normal(0, 0.4, folds)
        for source in range(sources):
            final = random.normal(1.5, 0.4)
            early = random.normal(0, 0.3)
            for fold in range(folds):
                job = f"{target}.{source}.{fold}"
                for epoch in (2, EPOCHS):
                    half = epoch == 2
                    seen = final - 0.7 * half + early * half + fold_effect[fold] + random.normal(0, 0.2)
                    curves.append((job, epoch, 1 / (1 + np.exp(-seen))))
                auc = 1 / (1 + np.exp(-final))
                outcomes.append((job, f"s{source}", f"t{target}", fold, auc, EPOCHS, IMAGES))
    return (
        pd.DataFrame(curves, columns=["job", "epoch", "validation_auc"]),
        pd.DataFrame(outcomes, columns=["job", "source", "target", "fold", "auc", "epochs", "test_images"]),
    )


def test_planted_variances_are_found() -> None:
    curves = measured_curves(*planted(0))
    pace = learn_pace(curves)
    level = curves.groupby("epoch")["validation_auc"].mean().to_numpy()
    unit = np.array([sampling_variance(auc, IMAGES) for auc in level])
    assert list(pace.shares) == [0.5, 1.0]
    assert pace.shift == pytest.approx([0.7, 0.0], abs=0.1)
    assert pace.early == pytest.approx([0.09, 0.0], abs=0.02)
    assert pace.fold * unit == pytest.approx([0.16, 0.16], abs=0.05)
    assert pace.noise * unit == pytest.approx([0.04, 0.04], rel=0.1)
    assert pace.at(0.75)[0] == pytest.approx((pace.shift[0] + pace.shift[1]) / 2)


def test_too_little_teaches_nothing() -> None:
    curves = measured_curves(*planted(1, targets=2, sources=2))
    assert learn_pace(curves) is UNKNOWN_PACE
    assert learn_pace(curves.head(0)) is UNKNOWN_PACE


def test_runs_of_a_source_and_runs_on_a_fold_err_together() -> None:
    """The covariance against draws from the model that the module describes."""
    shares, n = np.array([0.5, 1.0]), 200_000
    pace = Pace(
        shares, np.array([0.3, 0.0]), np.array([0.2, 0.05]), np.array([1.5, 0.4]), np.array([2.0, 1.5])
    )
    curve = (0.7, 0.8, 0.85, 0.9)
    runs = [
        Run(0, 0, 4, curve[:2], 100),
        Run(0, 1, 4, curve[:2], 100),
        Run(1, 0, 4, curve, 100),
    ]
    seen = observe(runs, pace)
    assert seen.sources == [0, 0, 1]
    ends = [float(damped_logit(auc, 100)) for auc in (0.8, 0.8, 0.9)]
    assert list(seen.logits) == pytest.approx([ends[0] + 0.3, ends[1] + 0.3, ends[2]])
    half, whole = (1 / (100 * auc * (1 - auc)) for auc in (80.5 / 101, 90.5 / 101))
    random = np.random.default_rng(0)
    early = random.normal(size=(n, 2)) * np.sqrt([0.2, 0.05])
    fold = random.normal(size=(n, 2)) * np.sqrt(0.4 * whole)  # what both times share
    once = random.normal(size=(n, 2)) * np.sqrt(1.5 * half - 0.4 * whole)  # and what half way has beyond it
    own = random.normal(size=(n, 3)) * np.sqrt([2.0 * half, 2.0 * half, 1.5 * whole])
    errors = early[:, [0, 0, 1]] + fold[:, [0, 1, 0]] + own
    errors[:, :2] += once
    assert seen.noise == pytest.approx(np.cov(errors.T), abs=1e-2)


def test_more_images_err_less_and_aucs_near_one_more() -> None:
    """The variance of a logit of a share, against draws."""
    random = np.random.default_rng(1)
    for auc, images in ((0.8, 200), (0.9, 800)):
        shares = random.binomial(images, auc, 100_000) / images
        assert sampling_variance(auc, images) == pytest.approx(np.log(shares / (1 - shares)).var(), rel=0.1)
    few, many = (observe([Run(0, 0, 4, (0.8,), images)], UNKNOWN_PACE).noise[0, 0] for images in (40, 400))
    assert many < few
    low, high = (observe([Run(0, 0, 4, (auc,), 40)], UNKNOWN_PACE).noise[0, 0] for auc in (0.7, 0.97))
    assert low < high


def test_a_perfect_auc_on_few_images_is_not_infinite() -> None:
    assert damped_logit(1.0, 40) == pytest.approx(np.log(40.5 / 0.5))
    assert damped_logit(0.5, 40) == 0
