"""How likely a run of one variant is better than a run of another."""

import numpy as np
from scipy import optimize, stats
from statsmodels.stats.proportion import proportion_confint


def improvement(ours, theirs, design, confidence_level=0.95):
    """Estimate P(ours > theirs) + P(ours = theirs) / 2, with an interval.

    Over independent seeds this is the Mann-Whitney effect, over all pairs of runs, with method 5 of
    Newcombe, Confidence intervals for an effect size measure based on the Mann-Whitney statistic,
    part 2, Statistics in Medicine 25 (2006) 559-573. Over paired seeds it is the share of seeds,
    ties counting half, with the interval of Wilson, JASA 22 (1927) 209-212. Neither shrinks to a
    point when all runs of a variant are better, as a bootstrap interval would. Agarwal et al., Deep
    reinforcement learning at the edge of the statistical precipice (NeurIPS 2021), and Bouthillier
    et al., Accounting for variance in machine learning benchmarks (MLSys 2021), recommend the
    quantity.

    Parameters
    ----------
    ours, theirs : numpy.ndarray
        (seeds,), higher values being better; in the order of seeds if they are paired.
    design : str
        `independent` or `paired`.
    confidence_level : float
        In (0, 1).

    Returns
    -------
    probability, lower, upper : float
        In [0, 1]; NaN if a value is NaN.
    """
    if np.isnan(ours).any() or np.isnan(theirs).any():
        return np.nan, np.nan, np.nan
    if design == "paired":
        n, share = len(ours), ((np.sign(ours - theirs) + 1) / 2).mean()
        lower, upper = proportion_confint(share * n, n, 1 - confidence_level, method="wilson")
        return share, min(lower, share), max(upper, share)  # in spite of rounding
    # the same from ranks: all pairs of 25,000 runs do not fit into the memory
    pairs = stats.mannwhitneyu(ours, theirs, method="asymptotic").statistic
    share = pairs / (len(ours) * len(theirs))
    z, sizes = stats.norm.isf((1 - confidence_level) / 2), (len(ours), len(theirs))
    return share, _newcombe_lower(share, z, *sizes), 1 - _newcombe_lower(1 - share, z, *sizes)


def _newcombe_lower(share, z, n, n_reference):
    """Find the smallest probability that is z of its own standard errors below the share."""
    if share == 0:
        return 0.0
    pairs, size = n * n_reference, (n + n_reference) / 2

    def excess(p):
        overlap = (size - 1) * ((1 - p) / (2 - p) + p / (1 + p))
        return (share - p) ** 2 - z**2 * p * (1 - p) * (1 + overlap) / pairs

    return optimize.brentq(excess, 0, np.nextafter(share, 0))
