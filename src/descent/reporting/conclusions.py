"""What the evidence says about each variant, in words that students understand."""

from functools import partial

from descent.experiment.plan import marked_references
from descent.optimizers.spec import TRAINING_KEYS
from descent.parity.verdict import CONSTANT, DIFFERENT, EQUAL, IDENTICAL, LESS_ACCURATE, VERDICTS
from descent.reporting.mixture import mixed
from descent.reporting.performance import cause, chance, describe, ranking
from descent.reporting.wording import count, minus

#: By whether the update rule is the same (CONSTANT: at constant hyperparameters; None: not tested)
#: and whether the performance is.
_HEADLINES = {
    (True, "equivalent"): "{subject} does the same as {reference}.",
    (True, "different"): "{subject} is the same rule as {reference}, but performed differently.",
    (True, "difference"): "{subject} is the same rule as {reference}, but there is a difference in "
    "performance, which may be too small to matter.",
    (True, "inconclusive"): "{subject} is the same rule as {reference}; "
    "the runs cannot tell whether it performs the same.",
    (True, "diverged"): "{subject} is the same rule as {reference}, but some runs diverged.",
    (CONSTANT, "equivalent"): "{subject} is the same rule as {reference} only while "
    "hyperparameters stay constant, although it performs the same.",
    (CONSTANT, "different"): "{subject} is the same rule as {reference} only while "
    "hyperparameters stay constant, and performed differently.",
    (CONSTANT, "difference"): "{subject} is the same rule as {reference} only while "
    "hyperparameters stay constant, and there is a difference in performance, which may be too "
    "small to matter.",
    (CONSTANT, "inconclusive"): "{subject} is the same rule as {reference} only while "
    "hyperparameters stay constant; the runs cannot tell whether it performs the same.",
    (CONSTANT, "diverged"): "{subject} is the same rule as {reference} only while "
    "hyperparameters stay constant, and some runs diverged.",
    (False, "equivalent"): "{subject} is not the same rule as {reference}, "
    "although it performs the same.",
    (False, "different"): "{subject} does not do the same as {reference}.",
    (False, "difference"): "{subject} does not do the same as {reference}.",
    (False, "inconclusive"): "{subject} is not the same rule as {reference}.",
    (False, "diverged"): "{subject} is not the same rule as {reference}, and some runs diverged.",
    (None, "equivalent"): "{subject} performs the same as {reference}.",
    (None, "different"): "{subject} performs differently from {reference}.",
    (None, "difference"): "{subject} performs differently from {reference}, "
    "but the difference may be too small to matter.",
    (None, "inconclusive"): "{subject} may or may not perform the same as {reference}: "
    "the runs cannot tell.",
    (None, "diverged"): "{subject} cannot be compared with {reference}: some runs diverged.",
}


def verdicts(comparisons, tables, runs=(), name=""):
    """State for each comparison what the evidence says about its variants.

    Parameters
    ----------
    comparisons : dict
        The comparisons of the configuration.
    tables : dict
        Maps `final_accuracy`, `equivalence`, `parity` and, if there is one, `pairs` to their
        DataFrames.
    runs : list of dict
        One per run, as returned by `descent.records.read_metadata`.
    name : str
        Of the experiment.

    Returns
    -------
    list of dict
        For each comparison, its name, `note` (text, may be empty) and `members`: for each variant
        compared with the reference, `outcome` (`same`, `open` or `different`), `headline`,
        `hints` about a mistake, `cause` of a difference in accuracy between rules that are the
        same (may be empty), and `sentences`, the evidence.
    """
    return [
        {
            "name": comparison,
            **_comparison(comparison, members, tables, partial(mixed, runs=runs, name=name)),
        }
        for comparison, members in comparisons.items()
    ]


def _comparison(name, members, tables, mixture):
    reference = next(iter(marked_references(members)), None)
    pairs = tables.get("pairs", tables["equivalence"].iloc[:0])
    accuracy = tables["final_accuracy"]
    ranked = ranking(
        pairs[pairs["comparison"] == name], accuracy[accuracy["variant"].isin(members)]
    )
    if reference is None:
        note = "No variant of this comparison is marked as the reference, so there are no verdicts."
        return {"note": " ".join([note, ranked, *mixture(list(members))]), "members": []}
    others = [variant for variant in members if variant != reference]
    named = f"{reference} ({members[reference]['optimizer']})"
    note = ranked if len(others) > 1 else ""
    if not others:
        note = f"There is only the reference, {named}: nothing to compare it with."
    judged = []
    for variant in others:
        of_variant = {
            kind: table[(table["comparison"] == name) & (table["variant"] == variant)]
            for kind, table in tables.items()
            if kind in ("equivalence", "parity")
        }
        differ = [
            key for key in TRAINING_KEYS if members[variant].get(key) != members[reference].get(key)
        ]
        judged.append(_verdict(variant, named, of_variant, differ))
        for member in (variant, reference):
            judged[-1]["sentences"] += divergence(member, accuracy)
        judged[-1]["sentences"] += mixture([variant, reference])
    return {"note": note, "members": judged}


def _verdict(subject, reference, tables, differ):
    """Judge a variant; `differ` lists the keys of training in which it is not as the reference."""
    performance = tables["equivalence"].set_index("metric")
    verdict = performance.loc["test_accuracy", "verdict"]
    performs = verdict.partition(" (")[0]
    parity = tables["parity"]
    if differ:  # then only the trials, which do without these keys, are about the rule
        parity = parity.query("on == 'trials'")
        same_rule, sentences = _rule(parity)
        same_rule = None if same_rule is True else same_rule  # what it does differs all the same
        sentences.append(
            f"It differs from the reference in {' and '.join(differ)}, so its steps in training "
            "differ, too."
        )
    else:
        same_rule, sentences = _rule(parity)
    sentences += [describe(row) for _, row in tables["equivalence"].iterrows()]
    sentences += chance(performance.loc["test_accuracy"])
    outcome = "same" if performs == "equivalent" else "open"
    if same_rule in (False, CONSTANT) or performs == "different":
        outcome = "different"
    headline = _HEADLINES[same_rule, performs].format(subject=subject, reference=reference)
    return {
        "outcome": outcome,
        "headline": headline,
        "hints": [f"{hint.rstrip('.')}." for hint in parity["hint"].dropna().unique() if hint],
        "cause": cause(performance.loc["test_accuracy"]) if same_rule is True else "",
        "sentences": sentences,
    }


def _rule(parity):
    """State whether the update rule is the same, given its rows in the table of parity.

    Returns
    -------
    same_rule : bool, str or None
        See `_HEADLINES`.
    sentences : list of str
    """
    if parity.empty:
        return None, []
    worst_first = parity.sort_values(
        ["verdict", "share_of_tolerance"],
        key=lambda column: column.map(VERDICTS.index) if column.name == "verdict" else column,
        ascending=False,
    )
    training, trials = (
        list(worst_first[worst_first["on"] == on].to_dict("records"))
        for on in ("training", "trials")
    )
    sentences = [_training(row) for row in training[:1]]
    for row in trials:
        sentences += _trials(row, training[0]["verdict"] if training else None)
    overall = worst_first["verdict"].iloc[0]
    return (CONSTANT if overall == CONSTANT else overall != DIFFERENT), sentences


def _training(row):
    """State whether the steps are the same, given the gradients of the reference's training."""
    iterations, seeds = int(row["iterations"]), int(row["n"])
    extent = f"over {count(iterations, 'iteration')} and {count(seeds, 'seed')}"
    if row["verdict"] == IDENTICAL:
        return f"Given the same gradients, its steps are identical to the last bit, {extent}."
    size = minus(f"{row['largest_difference']:.2g}")
    largest = f"the largest difference is {size} of the tensor's scale"
    of_bound, of_tolerance = (f"{row[f'share_of_{what}']:.2g}" for what in ("bound", "tolerance"))
    if row["verdict"] == EQUAL and row["decided_by"] == "formula":
        return (
            f"Given the same gradients, its steps are equal to rounding: {extent}, {largest}, "
            f"{of_bound} times what rounding can cause ({row['dtype']})."
        )
    if row["verdict"] == EQUAL:
        return (
            f"Given the same gradients, its steps are equal to rounding: {extent}, {largest}. That "
            f"is {of_bound} times what a formula allows, but only {of_tolerance} times what "
            f"rounding does to the reference itself ({row['dtype']})."
        )
    if row["verdict"] == LESS_ACCURATE:
        return (
            "Given the same gradients, its steps are those of the reference, computed less "
            f"accurately in float32: {extent}, {largest}, {of_tolerance} times what rounding does "
            "to the reference if even its numbers are float32."
        )
    return (
        "Given the same gradients, its steps differ by more than rounding can cause, starting at "
        f"iteration {row['different_iteration']:.0f} in {row['different_tensor']} "
        f"(seed {row['different_seed']:.0f}, run {row['different_run']:.0f}, {row['dtype']}); "
        f"{extent}, {largest}."
    )


def _trials(row, in_training):
    """State whether the rule is the same elsewhere; nothing if training has shown a difference."""
    if row["verdict"] in (IDENTICAL, EQUAL):
        too = "" if in_training in (DIFFERENT, None) else ", too"
        return [
            f"It is the same in all trials{too}: with generated gradients, other shapes and other "
            "hyperparameters."
        ]
    if in_training == DIFFERENT:
        return []
    if row["verdict"] == LESS_ACCURATE:
        return [f"With {row['trial']} it is less accurate in float32, but the same rule."]
    begins = (
        f"from iteration {row['different_iteration']:.0f} on (tensor {row['different_tensor']})"
    )
    return [f"With {row['trial']} it is a different rule, {begins}."]


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
