"""What the interval of a difference says: whether it is within the margin, and whether it is 0.

docs/statistics.md has the table of all cases.
"""

import numpy as np

EQUIVALENT = "equivalent"
DETECTABLE = "equivalent (difference detectable)"
DIFFERENT = "different"
UNCLEAR = "difference (may be within the margin)"
INCONCLUSIVE = "inconclusive"
DIVERGED = "diverged"


def decide(lower, upper, margin):
    """Read the verdict from where an interval lies.

    Parameters
    ----------
    lower, upper : float
        The interval of a difference, in the unit of `margin`; NaN if there is none.
    margin : float
        The largest difference that does not matter.

    Returns
    -------
    str
        `equivalent` or `equivalent (difference detectable)` if the interval is inside the margin,
        `different` if it is outside, and `difference (may be within the margin)` or `inconclusive`
        if it crosses the margin: in each pair, the one that speaks of a difference if the interval
        excludes 0. Without an interval, `inconclusive`.
    """
    if lower > margin or upper < -margin:
        return DIFFERENT
    excludes_0 = lower > 0 or upper < 0
    if -margin < lower and upper < margin:
        return DETECTABLE if excludes_0 else EQUIVALENT
    return UNCLEAR if excludes_0 else INCONCLUSIVE


def holm_levels(p_values, alpha):
    """Compute the level at which Holm's method tests each hypothesis of a family.

    The smallest p-value is compared with alpha / m, the next with alpha / (m - 1), and so on, until
    one is not below its level; all that follow are tested at that level, too. Source: Holm, A
    simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6
    (1979) 65-70.

    Parameters
    ----------
    p_values : array_like
        (hypotheses,); NaN for one that is not tested and hence not of the family.
    alpha : float
        The largest probability of any wrong rejection, in (0, 1).

    Returns
    -------
    numpy.ndarray
        (hypotheses,), NaN where nothing is tested.
    """
    p_values = np.asarray(p_values, float)
    levels = np.full(p_values.shape, np.nan)
    left = np.isfinite(p_values).sum()
    for which in np.argsort(p_values, kind="stable")[:left]:  # NaN comes last
        levels[which] = alpha / left
        left -= p_values[which] < levels[which]
    return levels
