"""Bands around the mean over seeds: confidence bands of the mean, or the spread of the seeds.

docs/bands.md says which to choose, benchmarks/coverage.md how often each holds.
"""

import numpy as np
from scipy import optimize, stats

#: Resamples of the bootstrap: an end then varies by 6 % of a standard error.
RESAMPLES = 1000
_BLOCK = 1000  # iterations whose resampled means are in memory together


def band(values, kind, confidence_level):
    """Compute a band around the mean over seeds.

    Parameters
    ----------
    values : numpy.ndarray
        (iterations, seeds), finite.
    kind : str
        Key of `KINDS`: `t`, `bootstrap` (both pointwise) or `simultaneous`, confidence bands of the
        mean; `sd` or `minmax`, the spread of the seeds, which have no level.
    confidence_level : float
        In (0, 1).

    Returns
    -------
    lower, upper : numpy.ndarray
        (iterations,); NaN for a single seed, which has no band.
    """
    if len(values) == 0 or values.shape[1] == 1:
        return np.full((2, len(values)), np.nan)
    return KINDS[kind](values, confidence_level)


def _t(values, confidence_level):
    """Compute the Student-t interval: mean -+ t s / sqrt(n), s being the sample standard deviation.

    t is the quantile of n - 1 degrees of freedom.
    """
    return _studentized(values, _t_quantile(values, confidence_level))


def _bootstrap(values, confidence_level):
    """Compute the percentile interval of means over seeds drawn with replacement.

    Whole seeds are drawn, the same ones in every call with as many seeds. Efron and Tibshirani, An
    Introduction to the Bootstrap (1993), chapter 13.
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
    """Compute mean -+ c s / sqrt(n) such that the whole curve of the mean is inside at this level.

    It holds for Gaussian curves and few seeds. c is the smaller of two bounds of the largest |t|
    over all iterations. Bonferroni's, better for rough curves, takes each of N iterations at level
    1 - (1 - level) / N. The kinematic formula, better for smooth ones, expects so many crossings of
    c by a t process of v = n - 1 degrees of freedom that c solves

        P(|t| > c) + L / pi (1 + c^2 / v)^(-(v - 1) / 2) = 1 - level

    where L is the length of the path on the unit sphere that the seeds' residuals draw when scaled
    to norm 1 in every iteration. Two seeds say too little about L: theirs is Bonferroni's.

    Sources: Worsley, Advances in Applied Probability 26 (1994) 13-42, the formula; Taylor and
    Worsley, JASA 102 (2007) 913-928, the estimate of L; Telschow and Schwartzman, Journal of
    Statistical Planning and Inference 216 (2022) 70-94, such bands.
    """
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


#: What `curves.band` may name.
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
    return stats.t.isf((1 - confidence_level) / 2, values.shape[1] - 1)


def _path_length(values):
    """Measure, in radians, the path of the residuals' directions; there is none without spread."""
    residuals = values - values.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(residuals, axis=1)
    directions = residuals[norms > 0] / norms[norms > 0, None]
    steps = np.linalg.norm(np.diff(directions, axis=0), axis=1)
    return 2 * np.arcsin(np.minimum(steps / 2, 1)).sum()
