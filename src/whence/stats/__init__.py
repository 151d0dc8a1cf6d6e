"""Statistics of outcomes: pure functions on arrays, free of files, devices and networks."""

from whence.stats.classification import accuracy, auc, class_aucs
from whence.stats.convergence import has_converged
from whence.stats.estimates import Estimate, estimate, estimates, estimates_over_folds
from whence.stats.metrics import (
    absent_classes,
    balanced_accuracy,
    calibration_error,
    confusion,
    f1,
    macro_auc,
)
from whence.stats.paired import Difference, Practical, corrected_difference, practical_difference
from whence.stats.raters import RaterAgreement, Vote, fleiss_kappa, majority, rater_agreement
from whence.stats.transfer import transferability

__all__ = [
    "Difference",
    "Estimate",
    "Practical",
    "RaterAgreement",
    "Vote",
    "absent_classes",
    "accuracy",
    "auc",
    "balanced_accuracy",
    "calibration_error",
    "class_aucs",
    "confusion",
    "corrected_difference",
    "estimate",
    "estimates",
    "estimates_over_folds",
    "f1",
    "fleiss_kappa",
    "has_converged",
    "macro_auc",
    "majority",
    "practical_difference",
    "rater_agreement",
    "transferability",
]
