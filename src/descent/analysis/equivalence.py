"""Do two optimizers perform the same? Equivalence tests over independent or paired seeds."""

from functools import partial

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestIndPower, TTestPower

from descent.analysis.final import final_rows

_COLUMNS = [
    "comparison",
    "variant",
    "reference",
    "metric",
    "design",
    "n",
    "n_reference",
    "n_diverged",
    "n_diverged_reference",
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


def equivalence(runs, diverged, references, margins, *, design, alpha=0.05):
    """Test whether variants perform the same as their reference, within a margin.

    For each metric, two one-sided t-tests (TOST; Schuirmann, A comparison of the two one-sided
    tests procedure and the power approach, 1987) test whether the difference of the means is within
    the margin, and a two-sided test whether there is a difference at all: Welch's tests for
    independent seeds, tests of the paired differences for paired ones. All p-values of the same
    kind are adjusted together by Holm's method.

    If a run of the variant or of its reference diverged, nothing is tested: the completed runs are
    selected by the very outcome that is compared, so they are not a random sample.

    Parameters
    ----------
    runs : dict
        Maps (variant, seed) to a DataFrame with a column for each metric, in the order of epochs.
    diverged : collection
        The runs, (variant, seed), that diverged.
    references : dict
        Maps each comparison to (reference, list of the variants compared with it).
    margins : dict
        Maps each metric to the largest difference that does not matter, in the metric's unit.
    design : str
        `independent`, or `paired`: the runs of one seed share their random streams.
    alpha : float
        Significance level of the tests.

    Returns
    -------
    pandas.DataFrame
        One row for each variant and metric: comparison, variant, reference, metric, design, n,
        n_reference, n_diverged, n_diverged_reference, difference (variant minus reference),
        ci90_lower, ci90_upper, ci95_lower, ci95_upper, margin, sd (of one variant, pooled; of the
        differences if they are paired), p_equivalence, p_difference (NaN if no seed differs),
        verdict, seeds_needed. The verdict is `equivalent`, `equivalent (difference detectable)`,
        `different`, `inconclusive` or `diverged`; if it is `inconclusive`, seeds_needed is the
        number of seeds per variant that shows equivalence with a power of 0.9 if there is no
        difference and the spread is the observed one.
    """
    final = final_rows(runs, diverged).set_index(["variant", "seed"]).sort_index()
    rows = []
    for comparison, (reference, others) in references.items():
        for variant in others:
            for metric, margin in margins.items():
                names = {"comparison": comparison, "variant": variant, "reference": reference}
                names |= {"metric": metric, "design": design}
                ours, theirs = (
                    final.loc[member, metric].to_numpy() for member in (variant, reference)
                )
                rows.append(names | _compare(ours, theirs, margin, design))
    table = pd.DataFrame(rows, columns=_COLUMNS)
    tested = table["n_diverged"] + table["n_diverged_reference"] == 0
    for column in ("p_equivalence", "p_difference"):
        table[column] = _holm(table[column])
    table["verdict"] = [
        _verdict(row["p_equivalence"] < alpha, row["p_difference"] < alpha)
        for _, row in table.iterrows()
    ]
    table.loc[~tested, "verdict"] = "diverged"
    table["seeds_needed"] = [
        _seeds_needed(row["margin"], row["sd"], alpha / tested.sum(), design)
        if row["verdict"] == "inconclusive"
        else pd.NA
        for _, row in table.iterrows()
    ]
    return table.astype({"seeds_needed": "Int64"})


def _compare(ours, theirs, margin, design):
    """Compute the columns for one variant and metric, with p-values before adjustment.

    A diverged run is NaN, which makes everything NaN except the counts.
    """
    paired = design == "paired"
    test = stats.ttest_rel if paired else partial(stats.ttest_ind, equal_var=False)
    two_sided = test(ours, theirs)
    row = {
        "n": len(ours),
        "n_reference": len(theirs),
        "n_diverged": np.isnan(ours).sum(),
        "n_diverged_reference": np.isnan(theirs).sum(),
        "difference": ours.mean() - theirs.mean(),
    }
    for level in (90, 95):
        interval = two_sided.confidence_interval(level / 100)
        row |= {f"ci{level}_lower": interval.low, f"ci{level}_upper": interval.high}
    one_sided = [
        test(ours + shift, theirs, alternative=alternative).pvalue
        for shift, alternative in ((margin, "greater"), (-margin, "less"))
    ]
    spread = [ours - theirs] if paired else [ours, theirs]
    variance = np.mean([_variance(values) for values in spread])
    row |= {"margin": margin, "sd": np.sqrt(variance)}
    return row | {"p_equivalence": max(one_sided), "p_difference": two_sided.pvalue}


def _variance(values):
    return values.var(ddof=1) if len(values) > 1 else np.nan


def _holm(p_values):
    """Adjust p-values by Holm's method; NaN, as for a single seed, stays NaN."""
    known = p_values.notna()
    adjusted = p_values.copy()
    if known.any():
        adjusted[known] = multipletests(p_values[known], method="holm")[1]
    return adjusted


def _verdict(equivalent, different):
    if equivalent:
        return "equivalent (difference detectable)" if different else "equivalent"
    return "different" if different else "inconclusive"


def _seeds_needed(margin, sd, alpha, design, power=0.9):
    """Compute how many seeds per variant TOST needs if there is no difference.

    Each of its two tests may fail with a probability of at most (1 - power) / 2.
    """
    if not np.isfinite(sd):
        return pd.NA
    if sd == 0:
        return 2
    test = TTestPower() if design == "paired" else TTestIndPower()
    n = test.solve_power(margin / sd, alpha=alpha, power=(1 + power) / 2, alternative="larger")
    return max(2, int(np.ceil(n)))
