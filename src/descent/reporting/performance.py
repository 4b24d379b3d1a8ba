"""What intervals say about the performance of variants, in sentences."""

import pandas as pd

from descent.analysis.decision import (
    DETECTABLE,
    DIFFERENT,
    DIVERGED,
    EQUIVALENT,
    INCONCLUSIVE,
    UNCLEAR,
)
from descent.analysis.pairs import ties
from descent.metrics import METRICS
from descent.reporting import wording

_VALUES = {"test_accuracy": "final test accuracy", "test_loss": "final test loss"}

#: What follows from the interval, by verdict.
_FOLLOWS = {
    EQUIVALENT: "which is within the margin of {margin}",
    DETECTABLE: "a detectable difference, but within the margin of {margin}",
    DIFFERENT: "a difference of more than the margin of {margin}",
    UNCLEAR: "a difference, which may be within the margin of {margin}",
    INCONCLUSIVE: "not enough to say whether it is within the margin of {margin}",
}


def describe(row):
    """State how far apart final accuracies or losses are, and what follows.

    Parameters
    ----------
    row : pandas.Series
        Of a table from `descent.analysis.equivalence.equivalence`.

    Returns
    -------
    str
    """
    metric = row["metric"]
    what = f"Its {_VALUES[metric]}"
    if row["verdict"] == DIVERGED:
        return f"{what} is not compared, because some runs diverged."
    is_single = pd.isna(row["sd"])
    if row["difference"] == 0 and (is_single or row["sd"] == 0):
        where = "the only seed, and a single seed shows little" if is_single else "any seed"
        return f"{what} shows no difference in {where}."
    difference = wording.difference(row["difference"], metric)
    differs = f"{what} differs by {difference} {METRICS[metric].difference_unit}"
    if is_single:
        return f"{differs}; a single seed cannot show whether that is chance."
    if pd.isna(row["level"]):
        return f"{differs} in all seeds alike, which does not show how much others would differ."
    lower, upper = (wording.difference(row[f"ci_{side}"], metric) for side in ("lower", "upper"))
    follows = _FOLLOWS[row["verdict"]].format(margin=wording.margin(row["margin"], metric))
    needed = row["seeds_needed"]
    more = (
        "" if pd.isna(needed) else f"; about {needed:,.0f} seeds per variant could show that it is"
    )
    interval = f"{wording.level(row['level'])} interval {lower} to {upper}"
    return f"{differs} ({interval}), {follows}{more}."


def chance(row):
    """State how often a variant is more accurate than its reference.

    Parameters
    ----------
    row : pandas.Series
        The row of `test_accuracy` in a table from `descent.analysis.equivalence.equivalence`.

    Returns
    -------
    list of str
        One sentence; none if a run diverged, there is only one seed or no seed differs.
    """
    if pd.isna(row["level"]) or row["difference"] == row["sd"] == 0:
        return []
    share, lower, upper = (
        f"{100 * row[f'improvement{end}']:.0f}" for end in ("", "_lower", "_upper")
    )
    interval = f"{share} % (95 % interval {lower} to {upper} %; equal ones count half)"
    if row["design"] == "paired":
        return [f"It is more accurate than the reference in {interval} of the seeds."]
    return [f"A run of it is more accurate than one of the reference with probability {interval}."]


def cause(row):
    """Say why a variant and its reference, whose update rules are the same, differ in accuracy.

    Parameters
    ----------
    row : pandas.Series
        The row of `test_accuracy` in a table from `descent.analysis.equivalence.equivalence`.

    Returns
    -------
    str
        Empty if they do not differ, or a run diverged.
    """
    if pd.isna(row["difference"]) or row["difference"] == row["sd"] == 0:
        return ""
    if row["design"] == "paired":
        return (
            "Update rules that are the same differ in accuracy although their seeds are paired, "
            "because rounding errors grow in training."
        )
    return (
        "Update rules that are the same differ in accuracy because their seeds differ: each "
        "variant has its own initial weights and order of images (seeding: independent). With "
        "seeding: paired, a seed has the same ones in every variant."
    )


def ranking(pairs, accuracy):
    """State which variant of a comparison is best, and which are tied with it.

    Parameters
    ----------
    pairs : pandas.DataFrame
        The rows of the comparison in a table from `descent.analysis.pairs.all_pairs`.
    accuracy : pandas.DataFrame
        The rows of its variants in a table from `descent.analysis.summaries.final_accuracy`.

    Returns
    -------
    str
    """
    means = accuracy.sort_values("mean", ascending=False).set_index("variant")["mean"].dropna()
    shown = ", ".join(f"{variant} {100 * mean:.2f} %" for variant, mean in means.items())
    text = f"Mean final test accuracy: {shown or 'none, because all runs diverged'}."
    best, tied = ties(pairs)
    if best is None:
        return text
    return f"{text} {best} is best, tied with {', '.join(tied) or 'none of the others'}."
