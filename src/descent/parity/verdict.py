"""Verdicts on the traces of `descent.parity.replay`: whether two update rules are the same."""

import pandas as pd

IDENTICAL = "identical"
EQUAL = "equal to rounding"
DIFFERENT = "different"

#: From best to worst.
VERDICTS = [IDENTICAL, EQUAL, DIFFERENT]

_PLACE = ["seed", "run", "iteration", "tensor"]
_COLUMNS = [
    "comparison",
    "variant",
    "reference",
    "dtype",
    "n",
    "iterations",
    "verdict",
    "largest_difference",
    "share_of_bound",
    *(f"{which}_{name}" for which in ("first", "different") for name in _PLACE),
]


def parity(traces, references, n_seeds):
    """Judge every variant by its replay, in each dtype.

    Parameters
    ----------
    traces : dict
        Maps each comparison to the pandas.DataFrame returned by `descent.parity.replay.replay`.
    references : dict
        Maps each comparison to its reference.
    n_seeds : int

    Returns
    -------
    pandas.DataFrame
        A row for each variant and dtype: comparison, variant, reference, dtype, n (seeds),
        iterations, verdict, largest_difference (relative to the largest magnitude in its tensor),
        share_of_bound (the largest ratio of a difference to the rounding bound), then the seed,
        run, iteration and tensor where the bits first differ (`first_...`, missing if they never
        do) and where a difference first exceeds the bound (`different_...`). The verdict is
        `identical` (same bits), `equal to rounding` (within the bound) or `different`.
    """
    rows = []
    for comparison, trace in traces.items():
        replayed = trace[trace["loop"] == "replay"]
        for (variant, dtype), steps in replayed.groupby(["variant", "dtype"]):
            names = [comparison, variant, references[comparison], dtype]
            rows.append([*names, n_seeds, *_judge(steps)])
    return pd.DataFrame(rows, columns=_COLUMNS).convert_dtypes()


def _judge(steps):
    apart = steps[~steps["identical"]]
    outside = steps[steps["share_of_bound"] > 1]
    verdict = DIFFERENT if len(outside) else EQUAL if len(apart) else IDENTICAL
    largest = steps[["difference", "share_of_bound"]].max()
    return [steps["iteration"].max(), verdict, *largest, *_first(apart), *_first(outside)]


def _first(steps):
    """Return the place of the first of some iterations: seed, run, iteration, tensor."""
    return steps[_PLACE].iloc[0] if len(steps) else [pd.NA] * len(_PLACE)


def overall(verdicts):
    """Return the verdict over all dtypes: the worst one."""
    return max(verdicts, key=VERDICTS.index)
