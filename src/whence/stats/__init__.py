"""Statistics of outcomes: pure functions on arrays, free of files, devices and networks."""

from whence.stats.classification import accuracy, auc, class_aucs
from whence.stats.convergence import has_converged
from whence.stats.paired import Difference, Practical, corrected_difference, practical_difference
from whence.stats.transfer import transferability

__all__ = [
    "Difference",
    "Practical",
    "accuracy",
    "auc",
    "class_aucs",
    "corrected_difference",
    "has_converged",
    "practical_difference",
    "transferability",
]
