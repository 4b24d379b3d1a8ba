"""Verdicts on the traces of `descent.parity.replay`: whether two update rules are the same."""

import pandas as pd

from descent.parity.replay import ENVELOPE, NO_ENVELOPE, WIDE_ENVELOPE

IDENTICAL = "identical"
EQUAL = "equal to rounding"
LESS_ACCURATE = "the same rule, computed less accurately in float32"
CONSTANT = "the same rule at constant hyperparameters"
DIFFERENT = "different"

#: From best to worst.
VERDICTS = [IDENTICAL, EQUAL, LESS_ACCURATE, CONSTANT, DIFFERENT]

#: What a verdict of equality rests on.
_DECIDED_BY = {NO_ENVELOPE: "formula", ENVELOPE: "envelope", WIDE_ENVELOPE: "wide envelope"}

_PLACE = ["seed", "run", "iteration", "tensor"]
_COLUMNS = [
    "comparison",
    "variant",
    "reference",
    "dtype",
    "n",
    "iterations",
    "verdict",
    "decided_by",
    "largest_difference",
    "share_of_bound",
    "share_of_tolerance",
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
        A row for each variant and dtype: comparison, variant, reference, dtype, n (seeds), then
        what `judge` returns.
    """
    tables = []
    for comparison, trace in traces.items():
        table = judge(trace[trace["loop"] == "replay"])
        table["comparison"], table["reference"] = comparison, references[comparison]
        tables.append(table.assign(n=n_seeds))
    if not tables:
        return pd.DataFrame(columns=_COLUMNS)
    return pd.concat(tables, ignore_index=True)[_COLUMNS].convert_dtypes()


def judge(trace):
    """Judge every variant and dtype of a replay.

    Parameters
    ----------
    trace : pandas.DataFrame
        See `descent.parity.replay.trace`.

    Returns
    -------
    pandas.DataFrame
        A row for each variant and dtype: variant, dtype, iterations; verdict: `identical` (same
        bits), `equal to rounding` (within the tolerance), `the same rule, computed less accurately
        in float32` (within the wide envelope) or `different`; decided_by: `bits`, `formula`,
        `envelope` or `wide envelope`; largest_difference (relative to the largest magnitude in its
        tensor), share_of_bound and share_of_tolerance (the largest ratios of a difference to the
        formula's bound, and to the tolerance); then the seed, run, iteration and tensor where the
        bits first differ (`first_...`, missing if they never do) and where a difference first
        exceeds the tolerance (`different_...`).
    """
    rows = []
    for (variant, dtype), steps in trace.groupby(["variant", "dtype"]):
        apart = steps[~steps["identical"]]
        outside = steps[steps["share"] > 1]
        largest = steps[["difference", "share_of_bound", "share"]].max()
        rows.append(
            {
                "variant": variant,
                "dtype": dtype,
                "iterations": steps["iteration"].max(),
                **_verdict(steps, apart, outside),
                "largest_difference": largest["difference"],
                "share_of_bound": largest["share_of_bound"],
                "share_of_tolerance": largest["share"],
                **_first("first", apart),
                **_first("different", outside),
            }
        )
    return pd.DataFrame(rows).convert_dtypes()


def _verdict(steps, apart, outside):
    envelope = next(
        (name for name in (WIDE_ENVELOPE, ENVELOPE) if (steps["envelope"] == name).any()),
        NO_ENVELOPE,
    )
    if apart.empty:
        return {"verdict": IDENTICAL, "decided_by": "bits"}
    if not outside.empty:
        verdict = DIFFERENT
    else:
        verdict = LESS_ACCURATE if envelope == WIDE_ENVELOPE else EQUAL
    return {"verdict": verdict, "decided_by": _DECIDED_BY[envelope]}


def _first(which, steps):
    """Return the place of the first of some iterations: seed, run, iteration, tensor."""
    place = steps[_PLACE].iloc[0] if len(steps) else dict.fromkeys(_PLACE, pd.NA)
    return {f"{which}_{name}": place[name] for name in _PLACE}


def overall(verdicts):
    """Return the verdict over all dtypes or trials: the worst one."""
    return max(verdicts, key=VERDICTS.index)
