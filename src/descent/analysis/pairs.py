"""Every variant of a comparison against every other, and which are tied with the best."""

from itertools import combinations

import pandas as pd

from descent.analysis.decision import DIFFERENT, DIVERGED, UNCLEAR
from descent.analysis.equivalence import compare
from descent.analysis.final import final_rows


def all_pairs(runs, diverged, comparisons, margin, *, design, alpha=0.05):
    """Compare the final test accuracies of all pairs of variants within comparisons.

    Parameters
    ----------
    runs, diverged, design, alpha
        See `descent.analysis.equivalence.equivalence`; the runs need `test_accuracy`, in [0, 1].
    comparisons : dict
        Maps each comparison to the names of its variants.
    margin : float
        The largest difference that does not matter, in [0, 1].

    Returns
    -------
    pandas.DataFrame
        As from `descent.analysis.equivalence.compare`, one row for each pair, with the better
        variant as the reference, from the best to the worst; variants with diverged runs come last.
        The intervals are adjusted over all pairs of the table, so choosing the best variant after
        the fact makes no verdict less reliable.
    """
    final = final_rows(runs, diverged)
    means = final.groupby("variant")["test_accuracy"].agg(lambda values: values.mean(skipna=False))
    pairs = []
    for comparison, members in comparisons.items():
        ranked = means[list(members)].sort_values(ascending=False, kind="stable").index
        pairs += [(comparison, worse, better) for better, worse in combinations(ranked, 2)]
    return compare(final, pairs, {"test_accuracy": margin}, design=design, alpha=alpha)


def ties(pairs: pd.DataFrame) -> tuple[str | None, list[str]]:
    """Find the best variant of a comparison and those that are tied with it.

    A variant is tied with the best one unless the interval of their difference excludes 0 and is
    not inside the margin: it is not shown to be worse, or only by too little to matter.

    Parameters
    ----------
    pairs : pandas.DataFrame
        The rows of one comparison in a table from `all_pairs`.

    Returns
    -------
    best : str or None
        None if at most one variant has no diverged runs.
    tied : list of str
        Best first.
    """
    tested = pairs[pairs["verdict"] != DIVERGED]
    if tested.empty:
        return None, []
    best = tested["reference"].iloc[0]
    with_best = tested[tested["reference"] == best]
    return best, with_best.loc[~with_best["verdict"].isin([DIFFERENT, UNCLEAR]), "variant"].tolist()
