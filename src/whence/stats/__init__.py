"""Statistics of outcomes: pure functions on arrays, free of files, devices and networks."""

from whence.stats.classification import accuracy, auc, class_aucs
from whence.stats.convergence import has_converged
from whence.stats.transfer import transferability

__all__ = ["accuracy", "auc", "class_aucs", "has_converged", "transferability"]
