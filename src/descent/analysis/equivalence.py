"""Do two optimizers perform the same? Intervals of differences over independent or paired seeds."""

import warnings
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from descent.analysis.decision import DIVERGED, INCONCLUSIVE, UNCLEAR, decide, holm_levels
from descent.analysis.final import final_rows
from descent.analysis.improvement import improvement
from descent.analysis.power import seeds_needed
from descent.metrics import METRICS

_TESTS = {
    "independent": partial(stats.ttest_ind, equal_var=False),
    "paired": stats.ttest_rel,
}
_ROUNDING = 1e-12  # of differences, relative to the values
_NAMES = ["comparison", "variant", "reference", "metric", "design"]
_COUNTS = ["n", "n_reference", "n_diverged", "n_diverged_reference"]
_NUMBERS = [
    "difference",
    "ci90_lower",
    "ci90_upper",
    "ci95_lower",
    "ci95_upper",
    "margin",
    "sd",
    "p_equivalence",
    "p_difference",
    "improvement",
    "improvement_lower",
    "improvement_upper",
    "p_settled",
]


def equivalence(runs, diverged, references, margins, *, design, alpha=0.05):
    """Test whether variants perform the same as their reference, within a margin.

    The verdict is where an interval of the difference of the means lies, see
    `descent.analysis.decision`. Intervals are Student's: Welch's for independent seeds, those of
    the differences for paired ones. As in tests of equivalence (TOST), the interval of a single row
    has the level 1 - 2 alpha. Over several rows the levels are adjusted by Holm's method: a row
    leaves the family once its interval excludes 0 and both ends of the margin, when a narrower one
    would say no more. docs/statistics.md explains what that means.

    If a run of the variant or of its reference diverged, nothing is tested: the completed runs are
    selected by the very outcome that is compared, so they are not a random sample. Nor is anything
    tested if there is a difference without any spread over the seeds.

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
        The largest probability that any interval of the table begins above the true difference,
        and the largest one that any ends below it. This is also the largest probability of a
        wrong `equivalent`; equal optimizers are said to differ with at most twice of it.

    Returns
    -------
    pandas.DataFrame
        One row for each variant and metric: comparison, variant, reference, metric, design, n,
        n_reference, n_diverged, n_diverged_reference, difference (variant minus reference); the
        intervals ci90_lower, ci90_upper, ci95_lower and ci95_upper and the p-values p_equivalence
        (TOST) and p_difference of this row alone; margin, sd (of one variant, pooled; of the
        differences if they are paired); improvement, the probability that a run of the variant is
        better, with its 95 % interval improvement_lower and improvement_upper; level, ci_lower and
        ci_upper, the interval that decides; verdict; seeds_needed. The verdict is as from
        `descent.analysis.decision.decide`, or `diverged`; if it leaves open whether the difference
        is within the margin, seeds_needed is as from `descent.analysis.power.seeds_needed`.
    """
    pairs = [
        (comparison, variant, reference)
        for comparison, (reference, others) in references.items()
        for variant in others
    ]
    table = compare(final_rows(runs, diverged), pairs, margins, design=design, alpha=alpha)
    undecided = table["verdict"].isin([INCONCLUSIVE, UNCLEAR])
    table["seeds_needed"] = pd.Series(pd.NA, table.index, "Int64")
    for index, row in table[undecided & table["level"].notna()].iterrows():
        known = {"n": max(row["n"], row["n_reference"]), "level": row["level"], "design": design}
        needed = seeds_needed(row["difference"], row["margin"], row["sd"], **known)
        table.loc[index, "seeds_needed"] = needed
    return table


def compare(final, pairs, margins, *, design, alpha=0.05):
    """Compute the columns of `equivalence`, except seeds_needed, for any pairs of variants.

    Parameters
    ----------
    final : pandas.DataFrame
        As from `descent.analysis.final.final_rows`.
    pairs : list of (str, str, str)
        Comparison, variant and what it is compared with.
    margins, design, alpha
        See `equivalence`.
    """
    runs = {variant: rows.sort_values("seed") for variant, rows in final.groupby("variant")}
    rows = []
    for comparison, variant, reference in pairs:
        for metric, margin in margins.items():
            ours, theirs = (runs[member][metric].to_numpy() for member in (variant, reference))
            names = dict(zip(_NAMES, (comparison, variant, reference, metric, design), strict=True))
            rows.append(names | _compare(ours, theirs, margin, METRICS[metric].better, design))
    intervals = [row.pop("interval") for row in rows]
    table = pd.DataFrame(rows, columns=[*_NAMES, *_COUNTS, *_NUMBERS])
    table["level"] = 1 - holm_levels(table.pop("p_settled"), 2 * alpha)
    bounds = [interval(level) for interval, level in zip(intervals, table["level"], strict=True)]
    table["ci_lower"], table["ci_upper"] = np.array(bounds, float).reshape(-1, 2).T
    table["verdict"] = list(map(decide, table["ci_lower"], table["ci_upper"], table["margin"]))
    table.loc[table["n_diverged"] + table["n_diverged_reference"] > 0, "verdict"] = DIVERGED
    return table


@np.errstate(all="ignore")
def _compare(ours, theirs, margin, better, design):
    """Compute the columns for one variant and metric, and a function that returns its interval.

    A diverged run is NaN, which makes everything NaN except the counts. So does a spread of 0 to
    the interval, unless there is no difference either: accuracies are multiples of one test image,
    so a few seeds can show the same difference by chance.
    """
    counts = len(ours), len(theirs), np.isnan(ours).sum(), np.isnan(theirs).sum()
    chance = improvement(better * ours, better * theirs, design)
    rounding = _ROUNDING * np.abs(theirs).max()
    ours, theirs = ours - theirs[0], theirs - theirs[0]
    spread = [ours - theirs] if design == "paired" else [ours, theirs]
    with warnings.catch_warnings(action="ignore"):  # of a single seed, and of equal values
        test = _TESTS[design](ours, theirs)
        variances = [values.var(ddof=1) * (np.ptp(values) > rounding) for values in spread]
    difference, interval = ours.mean() - theirs.mean(), test.confidence_interval
    difference *= abs(difference) > rounding
    error = np.sqrt(sum(v / len(values) for v, values in zip(variances, spread, strict=True)))
    if error == 0 and abs(difference) > rounding:
        error, interval = np.nan, lambda level: (np.nan, np.nan)
    ends = np.array([-margin, 0, margin])
    distances = (difference - ends) / np.maximum(error, rounding)
    p_values = 2 * stats.t.sf(abs(distances), test.df)
    one_sided = stats.t.sf(distances[[0, 2]] * [1, -1], test.df)
    numbers = [difference, *interval(0.9), *interval(0.95), margin, np.sqrt(np.mean(variances))]
    numbers += [one_sided.max(), p_values[1], *chance, p_values.max()]
    row = zip([*_COUNTS, *_NUMBERS], [*counts, *numbers], strict=True)
    return dict(row) | {"interval": interval}
