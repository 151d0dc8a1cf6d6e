"""Statistics of outcomes: pure functions on arrays, free of files, devices and networks."""

from whence.stats.agreement import Agreement, agreement
from whence.stats.classification import accuracy, auc, class_aucs
from whence.stats.contrast import Contrast, mean_contrast
from whence.stats.convergence import has_converged
from whence.stats.correlation import CORRELATIONS, kendall, pearson, spearman, tested, weighted_tau
from whence.stats.effects import Effect, effect
from whence.stats.estimates import Estimate, estimate, estimates, estimates_over_folds
from whence.stats.grouping import Comparison, all_pairs, holm, letters
from whence.stats.line import Band, regression_band
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
from whence.stats.regret import Regret, mean_rank_elsewhere, mean_regret, regret, winner_elsewhere
from whence.stats.resampling import mean_over_folds
from whence.stats.transfer import error_transferability, transferability

__all__ = [
    "CORRELATIONS",
    "Agreement",
    "Band",
    "Comparison",
    "Contrast",
    "Difference",
    "Effect",
    "Estimate",
    "Practical",
    "RaterAgreement",
    "Regret",
    "Vote",
    "absent_classes",
    "accuracy",
    "agreement",
    "all_pairs",
    "auc",
    "balanced_accuracy",
    "calibration_error",
    "class_aucs",
    "confusion",
    "corrected_difference",
    "effect",
    "error_transferability",
    "estimate",
    "estimates",
    "estimates_over_folds",
    "f1",
    "fleiss_kappa",
    "has_converged",
    "holm",
    "kendall",
    "letters",
    "macro_auc",
    "majority",
    "mean_contrast",
    "mean_over_folds",
    "mean_rank_elsewhere",
    "mean_regret",
    "pearson",
    "practical_difference",
    "rater_agreement",
    "regression_band",
    "regret",
    "spearman",
    "tested",
    "transferability",
    "weighted_tau",
    "winner_elsewhere",
]
