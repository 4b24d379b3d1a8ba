"""What an experiment did not check, in sentences."""

from descent.experiment.plan import marked_references


def gaps(config, comparisons, tables, iterations):
    """List what no verdict of an experiment is about.

    Parameters
    ----------
    config : dict
        Resolved and valid.
    comparisons : dict
        The comparisons, with the variants that are selected from sweeps.
    tables : dict
        Maps `final_accuracy` and `parity` to their DataFrames.
    iterations : int
        Of a training run.

    Returns
    -------
    list of str
        Sentences.
    """
    return [
        *_without_reference(comparisons),
        *_rules(comparisons, tables["parity"]),
        *_extent(config, tables["parity"], iterations),
        *_runs(tables["final_accuracy"]),
        "Data, networks and hyperparameters other than those in the configuration: verdicts about "
        "performance hold for these alone.",
    ]


def _without_reference(comparisons):
    names = [name for name, members in comparisons.items() if not marked_references(members)]
    if not names:
        return []
    return [f"Whether any update rule is right in {_all(names)}: no variant is the reference."]


def _rules(comparisons, parity):
    """Name the variants whose rules were not compared, and what only trials were about."""
    missing, untried = [], []
    for name, members in comparisons.items():
        marked = marked_references(members)
        for variant in members.keys() - set(marked) if marked else ():
            of_variant = parity[(parity["comparison"] == name) & (parity["variant"] == variant)]
            if of_variant.empty:
                missing.append(variant)
            elif "trials" not in set(of_variant["on"]):
                untried.append(variant)
    sentences = []
    if missing:
        sentences.append(
            f"The update rules of {_all(sorted(missing))}: hyperparameters that a sweep selects "
            "may differ from the reference's, and so do the steps."
        )
    if untried:
        sentences.append(f"The update rules of {_all(sorted(untried))} in trials.")
    return sentences


def _extent(config, parity, iterations):
    """Say which part of training the rules were compared in."""
    training = parity[parity["on"] == "training"]
    if training.empty:
        return []
    sentences = []
    compared, seeds = int(training["iterations"].max()), int(training["n"].max())
    parts = []
    if compared < iterations:
        parts.append(f"after iteration {compared:,} of {iterations:,} (parity.iterations)")
    if seeds < len(config["seeds"]):
        parts.append(f"with more than {seeds} of the {len(config['seeds'])} seeds (parity.seeds)")
    if parts:
        sentences.append(f"The update rules in training {', or '.join(parts)}.")
    constant = not config.get("parity", {}).get("lr_scheduler") and any(
        "lr_scheduler" not in settings
        for members in config["comparisons"].values()
        for settings in members.values()
    )
    if constant:
        sentences.append(
            "A learning rate that follows a schedule: a variant without one was trained at a "
            "constant rate. The trials change the rate once, and parity.lr_scheduler sets a "
            "schedule."
        )
    return sentences


def _runs(accuracy):
    sentences = []
    lost = accuracy[accuracy["diverged"] > 0]
    if len(lost):
        runs = [f"{row.diverged} of {row.n} of {row.variant}" for row in lost.itertuples()]
        sentences.append(
            f"The accuracy of runs that diverged: {', '.join(runs)}. Performance is not compared "
            "where a run diverged."
        )
    if (accuracy["n"] == 1).any():
        sentences.append(
            "Chance: with a single seed, no interval says which differences it explains."
        )
    return sentences


def _all(names):
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
