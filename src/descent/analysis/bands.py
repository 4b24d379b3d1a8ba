"""Bands around the mean over seeds: confidence bands of the mean, or the spread of the seeds.

docs/bands.md explains which one to choose; benchmarks/coverage.md has their measured coverage.
scipy is imported only where it is used: smoothing and plotting a single run need no extra.
"""

import numpy as np

from descent.extras import naming_extras

#: Bootstrap resamples: the ends of the interval then vary by 6 % of a standard error.
RESAMPLES = 1000
_BLOCK = 1000  # iterations whose resampled means are in memory at once


def band(values: np.ndarray, kind: str, confidence_level: float) -> tuple[np.ndarray, np.ndarray]:
    """Compute a band around the mean over seeds.

    Parameters
    ----------
    values : numpy.ndarray
        (iterations, seeds), finite.
    kind : str
        Key of `KINDS`: `t`, `bootstrap` (both pointwise) or `simultaneous` for confidence bands of
        the mean; `sd` or `minmax` for the spread of the seeds, which has no confidence level.
    confidence_level : float
        In (0, 1).

    Returns
    -------
    lower, upper : numpy.ndarray
        (iterations,); NaN for a single seed, which has no band.

    Examples
    --------
    >>> import descent
    >>> import numpy as np
    >>> accuracies = np.array([[0.90, 0.92, 0.94]])  # one iteration, three seeds
    >>> lower, upper = descent.band(accuracies, "t", confidence_level=0.95)
    >>> print(f"{lower[0]:.3f} {upper[0]:.3f}")
    0.870 0.970
    """
    if len(values) == 0 or values.shape[1] == 1:
        missing = np.full(len(values), np.nan)
        return missing, missing
    return KINDS[kind](values, confidence_level)


def _t(values, confidence_level):
    """Compute the Student-t interval, mean -+ t s / sqrt(n).

    s is the sample standard deviation, t the quantile for n - 1 degrees of freedom.
    """
    return _studentized(values, _t_quantile(values, confidence_level))


def _bootstrap(values, confidence_level):
    """Compute the bootstrap percentile interval of the mean, drawing seeds with replacement.

    Whole curves are drawn; the draws are the same in every call with the same number of seeds.
    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
    """
    n_seeds = values.shape[1]
    generator = np.random.default_rng(0)
    weights = generator.multinomial(n_seeds, np.full(n_seeds, 1 / n_seeds), RESAMPLES) / n_seeds
    tails = (1 - confidence_level) / 2, (1 + confidence_level) / 2
    bounds = [
        np.quantile(values[start : start + _BLOCK] @ weights.T, tails, axis=1, overwrite_input=True)
        for start in range(0, len(values), _BLOCK)
    ]
    return np.concatenate(bounds, axis=1)


def _simultaneous(values, confidence_level):
    """Compute the band mean -+ c s / sqrt(n) that contains the whole mean curve at this level.

    It is valid for Gaussian curves, even with few seeds. c is the smaller of two bounds on the
    largest |t| over all iterations. Bonferroni's bound, better for rough curves, takes each of N
    iterations at level 1 - (1 - level) / N. The kinematic formula, better for smooth curves, counts
    the expected crossings of c by a t process with v = n - 1 degrees of freedom, so that c solves

        P(|t| > c) + L / pi (1 + c^2 / v)^(-(v - 1) / 2) = 1 - level

    where L is the length of the path on the unit sphere that the seeds' residuals trace when scaled
    to norm 1 in every iteration. Two seeds say too little about L, so they get Bonferroni's bound.

    Sources: Worsley, Advances in Applied Probability 26 (1994) 13-42 (the formula); Taylor and
    Worsley, JASA 102 (2007) 913-928 (the estimate of L); Telschow and Schwartzman, Journal of
    Statistical Planning and Inference 216 (2022) 70-94 (bands of this kind).
    """
    with naming_extras():
        from scipy import optimize, stats

    degrees, miss = values.shape[1] - 1, 1 - confidence_level
    bonferroni = _t_quantile(values, 1 - miss / len(values))
    length = _path_length(values)

    def excess(c):
        crossings = length / np.pi * (1 + c**2 / degrees) ** (-(degrees - 1) / 2)
        return 2 * stats.t.sf(c, degrees) + crossings - miss

    if degrees == 1 or excess(bonferroni) >= 0:
        return _studentized(values, bonferroni)
    return _studentized(values, optimize.brentq(excess, 0, bonferroni))


def _sd(values, _):
    mean, deviation = values.mean(axis=1), values.std(axis=1, ddof=1)
    return mean - deviation, mean + deviation


def _minmax(values, _):
    return values.min(axis=1), values.max(axis=1)


#: The values that `curves.band` can have.
KINDS = {
    "t": _t,
    "bootstrap": _bootstrap,
    "simultaneous": _simultaneous,
    "sd": _sd,
    "minmax": _minmax,
}


def _studentized(values, quantile):
    mean = values.mean(axis=1)
    half_width = quantile * values.std(axis=1, ddof=1) / np.sqrt(values.shape[1])
    return mean - half_width, mean + half_width


def _t_quantile(values, confidence_level):
    with naming_extras():
        from scipy import stats

    return stats.t.isf((1 - confidence_level) / 2, values.shape[1] - 1)


def _path_length(values):
    """Measure the path of the residuals' directions, in radians; skip iterations without spread."""
    residuals = values - values.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(residuals, axis=1)
    directions = residuals[norms > 0] / norms[norms > 0, None]
    steps = np.linalg.norm(np.diff(directions, axis=0), axis=1)
    return 2 * np.arcsin(np.minimum(steps / 2, 1)).sum()
