"""The two forms of transferability: on the AUC, as in the paper, and on the classification error, which it adapts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from whence.errors import unknown_name
from whence.report.words import gain, number
from whence.stats import error_transferability, transferability


@dataclass(frozen=True)
class Form:
    """A form of transferability: from which column of the outcomes, how, and what a page calls it.

    `relative` takes a source's values and those of `none` on the same folds and gives percent, higher is better;
    `over_none` says such a number in a sentence.
    """

    column: str
    relative: Callable[[ArrayLike, ArrayLike], np.ndarray]
    definition: str
    heading: str
    over_none: Callable[[float], str]


def _errors(percent: float) -> str:
    return f"{number(abs(percent), 1)} % {'fewer' if percent >= 0 else 'more'} errors than none (no transfer)"


AUC = Form(
    "auc",
    transferability,
    "the relative gain in AUC over none, in percent",
    "Over none",
    lambda percent: f"{gain(percent)} over none (no transfer)",
)
ERROR = Form(
    "accuracy",
    error_transferability,
    "the relative decrease of the classification error against none, in percent (Alvarez-Melis and Fusi 2020)",
    "Fewer errors",
    _errors,
)
FORMS = {"auc": AUC, "error": ERROR}


def form_of(name: str) -> Form:
    """The form of this name; raises `InputError` for another."""
    if name not in FORMS:
        raise unknown_name("transferability", name, FORMS)
    return FORMS[name]
