"""The learning rate at every step, as a share of the recipe's."""

from __future__ import annotations

import math

from whence.training.settings import Recipe, Schedule


def rate(recipe: Recipe, epoch: int, step: int, steps_per_epoch: int) -> float:
    """Share of the recipe's learning rate in step `step` (from 0) of epoch `epoch` (from 1), in (0, 1].

    With a warm-up over W of all S steps it is (i + 1) / W in step i < W, then (1 + cos(π (i − W) / (S − W))) / 2
    (the cosine of Loshchilov and Hutter 2017, equation 5, without restarts).
    """
    if recipe.schedule == "constant":
        return 1.0
    if isinstance(recipe.schedule, Schedule):
        return recipe.schedule.factor if epoch > recipe.schedule.after else 1.0
    i, total = (epoch - 1) * steps_per_epoch + step, recipe.epochs * steps_per_epoch
    warm = round(recipe.schedule.warm_up * total)
    if i < warm:
        return (i + 1) / warm
    return (1 + math.cos(math.pi * (i - warm) / (total - warm))) / 2
