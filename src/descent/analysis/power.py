"""How many seeds would show that a difference is within the margin."""

from bisect import bisect_left

import numpy as np
import pandas as pd
from scipy import stats

#: Larger numbers of seeds are not suggested.
MOST_SEEDS = 100_000
_QUANTILES = (np.arange(200) + 0.5) / 200


def power_of_equivalence(difference, margin, sd, *, n, level, design):
    """Compute the probability that the interval of a difference is inside the margin.

    It is the mean, over the sample standard deviation, of a normal probability: that the estimate
    is as close to 0 as the width of the interval then requires. The mean is taken over 200
    quantiles. Source: Phillips, Power of the two one-sided tests procedure in bioequivalence,
    Journal of Pharmacokinetics and Biopharmaceutics 18 (1990) 137-144.

    Parameters
    ----------
    difference : float
        The true one, in the unit of the metric.
    margin : float
        The largest difference that does not matter.
    sd : float
        Standard deviation over seeds, of one variant or, if they are paired, of the differences;
        greater than 0.
    n : int
        Seeds per variant, at least 2.
    level : float
        Of the interval, in (0, 1).
    design : str
        `independent` or `paired`.

    Returns
    -------
    float
    """
    samples = 1 if design == "paired" else 2
    degrees, error = samples * (n - 1), sd * np.sqrt(samples / n)
    spreads = np.sqrt(stats.chi2.ppf(_QUANTILES, degrees) / degrees)
    room = margin - stats.t.isf((1 - level) / 2, degrees) * error * spreads
    inside = stats.norm.cdf((room - difference) / error)
    inside -= stats.norm.cdf((-room - difference) / error)
    return float(np.maximum(inside, 0).mean())


def seeds_needed(difference, margin, sd, *, n, level, design, power=0.9):
    """Compute how many seeds per variant show equivalence if all stays as observed.

    statsmodels has no power of equivalence, and its `solve_power` fails for small spreads.

    Parameters
    ----------
    difference, margin, sd, level, design
        See `power_of_equivalence`; the difference and sd are those observed.
    n : int
        How many seeds there are.
    power : float
        The probability with which equivalence is to be shown.

    Returns
    -------
    int or pandas.NA
        More than n; NA if no number up to `MOST_SEEDS` is enough, as for a difference that is not
        within the margin.
    """
    if not (abs(difference) < margin and sd > 0):
        return pd.NA
    candidates = range(n + 1, MOST_SEEDS + 1)
    common = {"level": level, "design": design}
    place = bisect_left(
        candidates,
        power,
        key=lambda seeds: power_of_equivalence(difference, margin, sd, n=seeds, **common),
    )
    return candidates[place] if place < len(candidates) else pd.NA
