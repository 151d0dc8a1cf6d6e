"""The head of a task on a frozen network: logistic regression on its features, and what its answers depend on."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Of the squared weights, against the mean loss on features of mean square length 1: near the least loss on held-out
# images of seven real sets, whether 60 or 200 images were learned from.
PENALTY = 0.003


@dataclass(frozen=True, eq=False)
class Head:
    """Logits of features f (D,) are weight · f + bias: weight (C, D), bias (C,), one row per class that was seen."""

    weight: Floats
    bias: Floats

    def probabilities(self, features: Floats) -> Floats:
        """(N, C), of features (N, D)."""
        logits = features @ self.weight.T + self.bias
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def fit_head(features: NDArray[np.float32], labels: NDArray[np.int64], penalty: float = PENALTY) -> Head:
    """The multinomial logistic regression of least mean loss + `penalty` / 2 · |weight|², two classes at least.

    The penalty is felt on features that are centred and scaled to a mean square length of 1, so that a network's scale
    has no part. With fewer images than features it is solved in the space that they span, with the same result.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    x = features.astype(np.float64)
    mean = x.mean(axis=0)
    x = x - mean
    length = max(float(np.sqrt((x**2).sum(axis=1).mean())), np.finfo(float).tiny)
    x /= length
    binary = len(np.unique(labels)) == 2
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", message="The number of unique classes", category=UserWarning)
        basis, rows = None, x
        if len(x) < x.shape[1]:
            basis, upper = np.linalg.qr(x.T)
            rows = np.ascontiguousarray(upper.T)
        # scikit-learn's two classes have one weight vector, of twice the squared length of the pair ±w/2
        strength = (2 if binary else 1) / (penalty * len(x))
        model = LogisticRegression(C=strength, max_iter=1000, tol=1e-6).fit(rows, labels)
    weight = model.coef_ if basis is None else model.coef_ @ basis.T
    bias = model.intercept_
    if binary:
        weight, bias = np.vstack([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    weight = weight / length
    return Head(weight, bias - weight @ mean)


def sampled_directions(probabilities: Floats, draws: Floats) -> Floats:
    """A label per draw in [0, 1), (N, K), and what its log probability's slope is in the logits: (K, N, C) / √K.

    The sum of the squares of what these give is then the mean over the K labels.
    """
    ends = probabilities.cumsum(axis=1)
    labels = (draws[:, :, None] * ends[:, None, -1:] >= ends[:, None, :]).sum(axis=2)
    labels = np.minimum(labels, probabilities.shape[1] - 1)
    slopes = np.eye(probabilities.shape[1])[labels.T] - probabilities
    return np.asarray(slopes / np.sqrt(draws.shape[1]))


def exact_directions(probabilities: Floats) -> Floats:
    """C − 1 directions in the logits, (C − 1, N, C), whose squares add to the expectation over all labels.

    The columns of the Cholesky factor of diag(p) − p pᵀ, which is the covariance of the slopes e_y − p of the log
    probabilities: one pass less than there are classes, and a single one for two.
    """
    p = probabilities
    n, classes = p.shape
    tails = p[:, ::-1].cumsum(axis=1)[:, ::-1]  # tails[:, j] = p_j + p_{j+1} + …
    tails = np.hstack([tails, np.zeros((n, 1))])
    directions = np.zeros((classes - 1, n, classes))
    for j in range(classes - 1):
        scale = np.sqrt(p[:, j] / np.maximum(tails[:, j] * tails[:, j + 1], np.finfo(float).tiny))
        directions[j, :, j] = scale * tails[:, j + 1]
        directions[j, :, j + 1 :] = -scale[:, None] * p[:, j + 1 :]
    return directions
