"""Verdicts on the traces of `descent.parity.replay`: whether two update rules are the same.

Pages and tables need this, and not torch, whose import takes seconds.
"""

import pandas as pd

#: Which envelope a difference was compared with, besides the formula; each is wider than the last.
NO_ENVELOPE, ENVELOPE, WIDE_ENVELOPE = "none", "reference", "float32 scalars"

IDENTICAL = "identical"
EQUAL = "equal to rounding"
LESS_ACCURATE = "the same rule, computed less accurately in float32"
CONSTANT = "the same rule at constant hyperparameters"
DIFFERENT = "different"

#: From best to worst.
VERDICTS = [IDENTICAL, EQUAL, LESS_ACCURATE, CONSTANT, DIFFERENT]

#: What each of them says, for people who read about one rule.
SENTENCES = {
    IDENTICAL: "The same steps as {against}, bit for bit.",
    EQUAL: "The same steps as {against}; only rounding differs.",
    LESS_ACCURATE: "The same rule as {against}, computed less accurately in float32.",
    CONSTANT: "The same steps as {against} only while hyperparameters stay constant.",
    DIFFERENT: "Not the same steps as {against}.",
}

#: What a verdict of equality rests on.
_DECIDED_BY = {NO_ENVELOPE: "formula", ENVELOPE: "envelope", WIDE_ENVELOPE: "wide envelope"}

_PLACE = ["seed", "run", "iteration", "tensor"]
_COLUMNS = [
    "comparison",
    "variant",
    "reference",
    "on",
    "dtype",
    "n",
    "iterations",
    "verdict",
    "decided_by",
    "largest_difference",
    "share_of_bound",
    "share_of_tolerance",
    *(f"{which}_{name}" for which in ("first", "different") for name in _PLACE),
    "trial",
    "hint",
]


def parity(traces, references, n_seeds, tried=None):
    """Judge every variant by its replay, in each dtype, and by its trials.

    Parameters
    ----------
    traces : dict
        Maps each comparison to the pandas.DataFrame returned by `descent.parity.replay.replay`.
    references : dict
        Maps each comparison to its reference.
    n_seeds : int
    tried : dict, optional
        Maps each comparison to a dict of its variants, with `trials` as rows of
        `descent.parity.trials.table`, and `hints`.

    Returns
    -------
    pandas.DataFrame
        A row for each variant and dtype, on `training`: comparison, variant, reference, dtype, n
        (seeds), then what `judge` returns. A row for each variant, on `trials`: the worst verdict,
        and where the first trial with it differs; trial: which one. hint: what a difference looks
        like.
    """
    tables = [pd.DataFrame(columns=_COLUMNS)]
    for comparison, trace in traces.items():
        table = judge(trace[trace["loop"] == "replay"]).assign(on="training", n=n_seeds)
        variants = (tried or {}).get(comparison, {})
        parts = [table, pd.DataFrame(_of_trials(*item) for item in variants.items())]
        table = pd.concat([part for part in parts if len(part)], ignore_index=True)
        table["comparison"], table["reference"] = comparison, references[comparison]
        hints = {variant: "; ".join(found["hints"]) for variant, found in variants.items()}
        differs = table["verdict"].isin([CONSTANT, DIFFERENT])
        table["hint"] = table["variant"].map(hints).where(differs)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)[_COLUMNS].convert_dtypes()


def _of_trials(variant, found):
    """Return a row about the first of the worst trials of a variant."""
    compared = [trial for trial in found["trials"] if trial["verdict"]]
    worst = max(compared, key=lambda trial: VERDICTS.index(trial["verdict"]))
    row = {"variant": variant, "on": "trials", "verdict": worst["verdict"]}
    if worst["verdict"] in (IDENTICAL, EQUAL):
        return row
    place = {f"different_{name}": worst[name] for name in ("iteration", "tensor")}
    return row | {"trial": worst["trial"], "dtype": worst["dtype"], **place}


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
