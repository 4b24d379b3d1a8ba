"""What the evidence says about each variant, in words that students understand."""

import pandas as pd

from descent.metrics import METRICS
from descent.optimizers.spec import parse
from descent.parity.verdict import DIFFERENT, VERDICTS
from descent.reporting.wording import count

#: By whether the update rule is the same (None: not tested) and whether the performance is.
_HEADLINES = {
    (True, "equivalent"): "{subject} does the same as {reference}.",
    (True, "different"): "{subject} is the same rule as {reference}, but performed differently.",
    (True, "inconclusive"): "{subject} is the same rule as {reference}; "
    "there are too few runs to tell whether it performs the same.",
    (True, "diverged"): "{subject} is the same rule as {reference}, but some runs diverged.",
    (False, "equivalent"): "{subject} is not the same rule as {reference}, "
    "although it performs the same.",
    (False, "different"): "{subject} does not do the same as {reference}.",
    (False, "inconclusive"): "{subject} is not the same rule as {reference}.",
    (False, "diverged"): "{subject} is not the same rule as {reference}, and some runs diverged.",
    (None, "equivalent"): "{subject} performs the same as {reference}.",
    (None, "different"): "{subject} performs differently from {reference}.",
    (None, "inconclusive"): "{subject} may or may not perform the same as {reference}: "
    "there are too few runs to tell.",
    (None, "diverged"): "{subject} cannot be compared with {reference}: some runs diverged.",
}


def verdicts(comparisons, tables):
    """State for each comparison what the evidence says about its variants.

    Parameters
    ----------
    comparisons : dict
        The comparisons of the configuration.
    tables : dict
        Maps `final_accuracy`, `equivalence` and `parity` to their DataFrames.

    Returns
    -------
    list of dict
        For each comparison, its name, `note` (text, may be empty) and `members`: for each variant
        compared with the reference, `outcome` (`same`, `open` or `different`), `headline` and
        `sentences`.
    """
    return [
        {"name": name, **_comparison(name, members, tables)}
        for name, members in comparisons.items()
    ]


def _comparison(name, members, tables):
    reference = next((name for name in members if members[name].get("reference")), None)
    if reference is None:
        note = (
            "No variant of this comparison is marked as the reference, so there are no verdicts. "
            f"{_ranking(members, tables['final_accuracy'])}"
        )
        return {"note": note, "members": []}
    others = [variant for variant in members if variant != reference]
    named = f"{reference} ({members[reference]['optimizer']})"
    note = "" if others else f"There is only the reference, {named}: nothing to compare it with."
    judged = []
    for variant in others:
        of_variant = {
            kind: table[(table["comparison"] == name) & (table["variant"] == variant)]
            for kind, table in tables.items()
            if kind in ("equivalence", "parity")
        }
        hand_written = parse(members[variant]["optimizer"]).kind == "scratch"
        subject = f"Your {variant}" if hand_written else variant
        judged.append(_verdict(subject, named, of_variant))
        for member in (variant, reference):
            judged[-1]["sentences"] += divergence(member, tables["final_accuracy"])
    return {"note": note, "members": judged}


def _ranking(members, accuracy):
    accuracy = accuracy.set_index("variant").loc[list(members)]
    accuracy = accuracy.sort_values("mean", ascending=False)["mean"].dropna()
    shown = ", ".join(f"{variant} {100 * mean:.2f} %" for variant, mean in accuracy.items())
    return f"Mean final test accuracy: {shown or 'none, because all runs diverged'}."


def _verdict(subject, reference, tables):
    performance = tables["equivalence"].set_index("metric")
    verdict = performance.loc["test_accuracy", "verdict"]
    performs = verdict.partition(" (")[0]
    same_rule, sentences = None, []
    if not tables["parity"].empty:
        worst = tables["parity"].sort_values(
            ["verdict", "share_of_bound"],
            key=lambda column: column.map(VERDICTS.index) if column.name == "verdict" else column,
        )
        same_rule = worst["verdict"].iloc[-1] != DIFFERENT
        sentences.append(_rule(worst.iloc[-1]))
    for metric, row in performance.iterrows():
        sentences.append(_performance(metric, row))
    outcome = "open" if performs in ("inconclusive", "diverged") else "same"
    if same_rule is False or performs == "different":
        outcome = "different"
    headline = _HEADLINES[same_rule, performs].format(subject=subject, reference=reference)
    return {"outcome": outcome, "headline": headline, "sentences": sentences}


def _rule(row):
    """State whether the steps are the same, given the same gradients."""
    extent = f"over {count(row['iterations'], 'iteration')} and {count(row['n'], 'seed')}"
    if row["verdict"] == "identical":
        return f"Given the same gradients, its steps are identical to the last bit, {extent}."
    largest = f"the largest difference is {row['largest_difference']:.2g} of the tensor's scale"
    if row["verdict"] == "equal to rounding":
        return (
            f"Given the same gradients, its steps are equal to rounding: {extent}, {largest}, "
            f"{row['share_of_bound']:.2g} times what rounding can cause ({row['dtype']})."
        )
    return (
        "Given the same gradients, its steps differ by more than rounding can cause, starting at "
        f"iteration {row['different_iteration']:.0f} in {row['different_tensor']} "
        f"(seed {row['different_seed']:.0f}, run {row['different_run']:.0f}, {row['dtype']}); "
        f"{extent}, {largest}."
    )


def _performance(metric, row):
    """State how far apart the final accuracies or losses are, and what follows."""
    unit, scale = METRICS[metric].difference_unit, METRICS[metric].scale
    what = "Its final test accuracy" if metric == "test_accuracy" else "Its final test loss"
    if row["verdict"] == "diverged":
        return f"{what} is not compared, because some runs diverged."
    difference, margin = scale * row["difference"], f"{scale * row['margin']:g}"
    differs = f"{what} differs by {difference:+.3g} {unit}"
    if pd.isna(row["ci90_lower"]):
        return f"{differs}; a single seed cannot show whether that is chance."
    lower, upper = (f"{scale * row[f'ci90_{side}']:+.3g}" for side in ("lower", "upper"))
    differs += f" (90 % interval {lower} to {upper})"
    if row["verdict"] == "equivalent":
        return f"{differs}, which is within the margin of {margin}."
    if row["verdict"].startswith("equivalent"):
        return f"{differs}: a detectable difference, but within the margin of {margin}."
    if row["verdict"] == "different":
        return (
            f"{differs}: a detectable difference, and not shown to be within the margin of "
            f"{margin}."
        )
    needed = row["seeds_needed"]
    more = "" if pd.isna(needed) else f"; about {needed:.0f} seeds per variant would be needed"
    return f"{differs}: too few seeds to tell whether it is within the margin of {margin}{more}."


def divergence(variant, accuracy):
    """State how many runs of a variant diverged: a list of one sentence, empty if none did.

    Parameters
    ----------
    variant : str
    accuracy : pandas.DataFrame
        Returned by `descent.analysis.summaries.final_accuracy`.
    """
    row = accuracy.set_index("variant").loc[variant]
    if not row["diverged"]:
        return []
    where = f"at iteration {row['diverged_at']}"
    return [f"{row['diverged']} of {count(row['n'], 'run')} of {variant} diverged, {where}."]
