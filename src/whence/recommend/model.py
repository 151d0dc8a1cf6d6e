"""From evidence to belief: one Gaussian model that takes whatever there is for each source.

On the logit scale the outcome of source i is  location + spread · z_i,  z_i = effect_i + particular_i, with
`Prior` over both parts. A probe shows  centre + probe spread · (a z_i + b effect_i + noise)  (`Reading`),
what was measured on the target shows it up to an error (`Observed`). Given the spread all is linear and
Gaussian and solved exactly; the spread itself is averaged over a small grid, weighted by how well it
explains what was measured. A source about which nothing is known simply keeps the prior's width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from whence.recommend.prior import Effect, Prior
from whence.recommend.reading import Reading

Floats = NDArray[np.float64]
FLAT = 100.0  # variance of a level of which nothing is known
GRID = np.linspace(-5, 5, 41)  # over the logarithm of the spread, in its standard deviations
DRAWS = 6000
ROPE = 0.005  # half an AUC point: nobody would choose by less


@dataclass(frozen=True, slots=True)
class Evidence:
    """What there is on one source: its effect from experience; its probe as (logit, variance) or None.

    `of_level`: the probe speaks of the target's level alone, not of the source's place.
    """

    effect: Effect
    probe: tuple[float, float] | None = None
    of_level: bool = False


@dataclass(frozen=True)
class Observed:
    """What was measured on the target: `sources` (m,) positions, `logits` (m,) of AUCs, `noise` (m, m) their errors'
    covariance. A source may have several rows, or none.
    """

    sources: Sequence[int]
    logits: Floats
    noise: Floats

    def __len__(self) -> int:
        """How many measurements there are."""
        return len(self.sources)


NOTHING = Observed((), np.zeros(0), np.zeros((0, 0)))


def probes_in_turn(evidence: Sequence[Evidence], observed: Observed) -> list[Evidence]:
    """The evidence with each probe given the say that evaluation leaves it.

    Until something was measured on the target, the probe of a source known from other targets speaks of the level
    alone: judged on targets left out, experience orders the first picks better without it. Then it speaks of the
    place too, and so it does for a source that nobody knows. See docs/evidence.md.
    """
    return [replace(e, of_level=not len(observed) and e.effect.targets > 0) for e in evidence]


@dataclass(frozen=True, slots=True)
class Belief:
    """What follows, arrays of n sources: `z` and `z_sd`, `p_best` (sums to 1), and logit AUCs `mean`, `low`, `high`.

    `low` and `high` hold 90 %; `p_near` is the probability that the AUC lies within `rope` of the best one's. The four
    are None where nothing tells the target's level: no probe, nothing measured. Sources by falling `mean` (or `z`)
    are the ranking.
    """

    z: Floats
    z_sd: Floats
    p_best: Floats
    mean: Floats | None = None
    low: Floats | None = None
    high: Floats | None = None
    p_near: Floats | None = None

    @property
    def order(self) -> list[int]:
        """Positions of the sources, best first; ties keep the order given."""
        return [int(i) for i in np.argsort(-self.expected, kind="stable")]

    @property
    def expected(self) -> Floats:
        """What the sources are ordered by: logit AUC, or z where the level is unknown; no rounding tells two apart."""
        return np.round(self.z if self.mean is None else self.mean, 9)


def believe(
    evidence: Sequence[Evidence],
    observed: Observed,
    prior: Prior,
    reading: Reading,
    *,
    rope: float = ROPE,
    seed: int = 0,
) -> Belief:
    """The posterior over all sources at once; deterministic for a seed, which only what is drawn uses (all but `mean`).

    `rope`: the difference of AUC that does not matter.
    """
    n = len(evidence)
    spreads = np.exp(prior.log_spread + prior.log_spread_sd * GRID)
    start_mean, start_cov = _start(evidence, observed, prior, reading)
    seen = _probe_rows(evidence, prior, reading)
    if len(observed):
        solved = [
            _solve(start_mean, start_cov, *_stack(seen, _outcome_rows(observed, n, s))) for s in spreads
        ]
    else:  # only a measured outcome depends on the spread
        solved = [_solve(start_mean, start_cov, *seen)] * len(spreads)
    likelihood = np.array([found[2] for found in solved])
    log_weights = likelihood + prior.log_spread_density(np.log(spreads))
    weights = np.exp(log_weights - log_weights.max())
    weights = weights / weights.sum()

    to_z = np.zeros((n, 2 + 2 * n))
    to_z[np.arange(n), 2 + np.arange(n)] = to_z[np.arange(n), 2 + n + np.arange(n)] = 1.0
    z_means = np.array([to_z @ mean for mean, _, _ in solved])
    z = weights @ z_means
    z_var = weights @ (np.array([np.diag(to_z @ c @ to_z.T) for _, c, _ in solved]) + (z_means - z) ** 2)

    draws_z, draws_auc, random = [], [], np.random.default_rng(seed)
    counts = np.round(weights * DRAWS).astype(int)
    rooted: tuple[Floats | None, Floats] = (None, to_z)
    for spread, (mean, cov, _), count in zip(spreads, solved, counts, strict=True):
        if rooted[0] is not cov:
            rooted = (cov, _root(cov))
        x = mean + random.standard_normal((count, len(mean))) @ rooted[1].T
        draws_z.append(x @ to_z.T)
        draws_auc.append(x[:, 1:2] + spread * draws_z[-1])
    best = np.concatenate(draws_z).argmax(axis=1)
    p_best = np.bincount(best, minlength=n) / len(best)
    if not len(observed) and not any(e.probe for e in evidence):
        return Belief(z, np.sqrt(z_var), p_best)
    centres = np.array([m[1] + s * zs for s, (m, _, _), zs in zip(spreads, solved, z_means, strict=True)])
    predicted = weights @ centres
    drawn = np.concatenate(draws_auc)
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    aucs = expit(drawn)
    p_near = (aucs >= aucs.max(axis=1, keepdims=True) - rope).mean(axis=0)
    return Belief(
        z, np.sqrt(z_var), p_best, predicted, np.minimum(low, predicted), np.maximum(high, predicted), p_near
    )


Rows = tuple[Floats, Floats, Floats]  # design (m, 2 + 2n), what was seen (m,), its covariance (m, m)


def _start(
    evidence: Sequence[Evidence], observed: Observed, prior: Prior, reading: Reading
) -> tuple[Floats, Floats]:
    """Prior mean and covariance of (probes' centre, location, effects, particulars)."""
    n = len(evidence)
    probes = [e.probe[0] for e in evidence if e.probe]
    outcomes = float(observed.logits.mean()) if len(observed) else 0.0
    centre = float(np.mean(probes)) if probes else outcomes
    comparable = np.isfinite(reading.level_sd)
    level = centre + reading.level if comparable else outcomes
    mean = np.concatenate([[centre, level], [e.effect.mean for e in evidence], np.zeros(n)])
    cov = np.zeros((2 + 2 * n, 2 + 2 * n))
    if comparable:  # the location lies at a known distance from the centre, wherever that is
        cov[:2, :2] = FLAT
        cov[1, 1] += reading.level_sd**2
    else:
        cov[0, 0] = cov[1, 1] = FLAT
    cov[np.arange(2, 2 + 2 * n), np.arange(2, 2 + 2 * n)] = np.concatenate(
        [[e.effect.variance for e in evidence], np.full(n, prior.within)]
    )
    return mean, cov


def _probe_rows(evidence: Sequence[Evidence], prior: Prior, reading: Reading) -> Rows:
    n, at = len(evidence), [i for i, e in enumerate(evidence) if e.probe]
    shown = np.array([e.probe for e in evidence if e.probe], dtype=np.float64).reshape(-1, 2)
    # How far apart probes of this target lie: their own spread, drawn to the usual one of outcomes by two counts.
    usual = np.exp(2 * prior.log_spread)
    own = float(((shown[:, 0] - shown[:, 0].mean()) ** 2).sum()) if at else 0.0
    spread = np.sqrt((2 * usual + own) / (2 + max(len(at) - 1, 0)))
    design = np.zeros((len(at), 2 + 2 * n))
    noise = np.full(len(at), reading.noise)
    for row, i in enumerate(at):
        design[row, 0] = 1.0
        if evidence[i].of_level:
            noise[row] = 1.0  # a standardised probe varies by so much
        else:
            design[row, 2 + i] = spread * (reading.on_pair + reading.on_source)
            design[row, 2 + n + i] = spread * reading.on_pair
    return design, shown[:, 0], np.diag(spread**2 * noise + shown[:, 1])


def _outcome_rows(observed: Observed, n: int, spread: float) -> Rows:
    design = np.zeros((len(observed), 2 + 2 * n))
    for row, i in enumerate(observed.sources):
        design[row, 1] = 1.0
        design[row, 2 + i] = design[row, 2 + n + i] = spread
    return design, observed.logits, observed.noise


def _stack(first: Rows, second: Rows) -> Rows:
    noise = np.zeros((len(first[1]) + len(second[1]),) * 2)
    noise[: len(first[1]), : len(first[1])] = first[2]
    noise[len(first[1]) :, len(first[1]) :] = second[2]
    return np.concatenate([first[0], second[0]]), np.concatenate([first[1], second[1]]), noise


def _solve(
    mean: Floats, cov: Floats, design: Floats, seen: Floats, noise: Floats
) -> tuple[Floats, Floats, float]:
    """Posterior mean and covariance, and the log density of what was seen."""
    if not len(seen):
        return mean, cov, 0.0
    across = cov @ design.T
    total = design @ across + noise
    gain = np.linalg.solve(total, across.T).T
    off = seen - design @ mean
    after = cov - gain @ across.T
    density = -0.5 * (off @ np.linalg.solve(total, off) + np.linalg.slogdet(2 * np.pi * total)[1])
    return mean + gain @ off, (after + after.T) / 2, float(density)


def _root(cov: Floats) -> Floats:
    """A matrix whose product with its transpose is `cov`, which may be singular."""
    values, vectors = np.linalg.eigh(cov)
    scaled: Floats = vectors * np.sqrt(np.clip(values, 0, None))
    return scaled
