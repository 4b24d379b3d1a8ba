"""Do two optimizers perform the same? Equivalence tests over independent seeds."""

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestIndPower

from descent.records import final_rows

_COLUMNS = [
    "comparison",
    "variant",
    "reference",
    "metric",
    "n",
    "n_reference",
    "difference",
    "ci90_lower",
    "ci90_upper",
    "ci95_lower",
    "ci95_upper",
    "margin",
    "sd",
    "p_equivalence",
    "p_difference",
]


def equivalence(runs, references, margins, *, alpha=0.05):
    """Test whether variants perform as their reference does, within a margin.

    For each metric two one-sided Welch tests (TOST; Schuirmann, A comparison of the two one-sided
    tests procedure and the power approach, 1987) of the difference of the means over independent
    seeds, and a two-sided Welch test of whether there is a difference at all. All p-values of a
    kind are adjusted together by Holm's method.

    Parameters
    ----------
    runs : dict
        Maps (variant, seed) to a DataFrame with a column for each metric, in the order of epochs.
    references : dict
        Maps each comparison to (reference, list of the variants that are held against it).
    margins : dict
        Maps each metric to the largest difference that does not matter, in the metric's unit.
    alpha : float
        Level of the tests.

    Returns
    -------
    pandas.DataFrame
        One row for each variant and metric: comparison, variant, reference, metric, n,
        n_reference, difference (variant minus reference), ci90_lower, ci90_upper, ci95_lower,
        ci95_upper, margin, sd (of one variant, pooled), p_equivalence, p_difference, verdict,
        seeds_needed. The verdict is `equivalent`, `equivalent (difference detectable)`,
        `different` or `inconclusive`; with the last, seeds_needed are the seeds per variant that
        show equivalence with a power of 0.9 if there is no difference and the spread is the
        observed one.
    """
    final = final_rows(runs)
    rows = []
    for comparison, (reference, others) in references.items():
        for variant in others:
            for metric, margin in margins.items():
                ours, theirs = (
                    final.loc[final["variant"] == member, metric].to_numpy()
                    for member in (variant, reference)
                )
                names = {"comparison": comparison, "variant": variant, "reference": reference}
                rows.append(names | {"metric": metric} | _welch(ours, theirs, margin))
    table = pd.DataFrame(rows, columns=_COLUMNS)
    for column in ("p_equivalence", "p_difference"):
        table[column] = _holm(table[column])
    table["verdict"] = [
        _verdict(row["p_equivalence"] < alpha, row["p_difference"] < alpha)
        for _, row in table.iterrows()
    ]
    table["seeds_needed"] = [
        _seeds_needed(row["margin"], row["sd"], alpha / len(table))
        if row["verdict"] == "inconclusive"
        else pd.NA
        for _, row in table.iterrows()
    ]
    return table.astype({"seeds_needed": "Int64"})


def _welch(ours, theirs, margin):
    """Compute difference, intervals and p-values of one variant and metric, before adjustment."""
    row = {"n": len(ours), "n_reference": len(theirs), "difference": ours.mean() - theirs.mean()}
    two_sided = stats.ttest_ind(ours, theirs, equal_var=False)
    for level in (90, 95):
        interval = two_sided.confidence_interval(level / 100)
        row |= {f"ci{level}_lower": interval.low, f"ci{level}_upper": interval.high}
    one_sided = [
        stats.ttest_ind(ours + shift, theirs, equal_var=False, alternative=alternative).pvalue
        for shift, alternative in ((margin, "greater"), (-margin, "less"))
    ]
    row |= {"margin": margin, "sd": np.sqrt((_variance(ours) + _variance(theirs)) / 2)}
    return row | {"p_equivalence": max(one_sided), "p_difference": two_sided.pvalue}


def _variance(values):
    return values.var(ddof=1) if len(values) > 1 else np.nan


def _holm(p_values):
    """Adjust p-values by Holm's method; those that are NaN, of a single seed, stay so."""
    known = p_values.notna()
    adjusted = p_values.copy()
    if known.any():
        adjusted[known] = multipletests(p_values[known], method="holm")[1]
    return adjusted


def _verdict(equivalent, different):
    if equivalent:
        return "equivalent (difference detectable)" if different else "equivalent"
    return "different" if different else "inconclusive"


def _seeds_needed(margin, sd, alpha, power=0.9):
    """Compute the seeds per variant that TOST needs if there is no difference.

    Each of its two tests must fail with at most half of 1 - power.
    """
    if not np.isfinite(sd):
        return pd.NA
    if sd == 0:
        return 2
    n = TTestIndPower().solve_power(
        margin / sd, alpha=alpha, power=(1 + power) / 2, alternative="larger"
    )
    return max(2, int(np.ceil(n)))
