"""What to do after an experiment, each with a command where there is one."""

import math
import shlex

import pandas as pd
import yaml

from descent.analysis.decision import INCONCLUSIVE, UNCLEAR
from descent.experiment.plan import marked_references
from descent.optimizers.spec import parse
from descent.parity.verdict import DIFFERENT

_OPEN = (INCONCLUSIVE, UNCLEAR)
_MORE_SEEDS = 5  # as many as the default experiment has


def next_steps(config, comparisons, tables):
    """List what could be done next, the most urgent first.

    Parameters
    ----------
    config : dict
        Resolved and valid.
    comparisons : dict
        The comparisons, with the variants that are selected from sweeps.
    tables : dict
        Maps `final_accuracy`, `equivalence` and `parity` to their DataFrames.

    Returns
    -------
    list of dict
        `text`, a sentence, and `command`, for a shell in the checkout, which may be empty.
    """
    return [
        *_wrong_rules(comparisons, tables["parity"]),
        *_diverged(tables["final_accuracy"]),
        *_references(config, comparisons),
        *_seeds(config, tables),
        *_elsewhere(config),
    ]


def _step(text, command=""):
    return {"text": text, "command": command}


def _again(config, *changes):
    """Write the command that runs the experiment again, with changes."""
    words = ["snakemake", "--cores", "2", "--configfile", f"results/{config['name']}/config.yaml"]
    return shlex.join([*words, *(["--config", *changes] if changes else [])])


def _wrong_rules(comparisons, parity):
    """Say how to look at a rule that differs, in seconds instead of a whole run."""
    steps = []
    wrong = parity[parity["verdict"] == DIFFERENT].drop_duplicates(["comparison", "variant"])
    for row in wrong.itertuples():
        ours, theirs = (comparisons[row.comparison][name] for name in (row.variant, row.reference))
        steps.append(
            _step(
                f"Mend the update rule of {row.variant}. This checks it alone, in seconds, and "
                "shows its first wrong step:",
                _check(ours, theirs),
            )
        )
    return steps


def _check(ours, theirs):
    """Write the command that compares two rules outside the workflow; none for classes of torch."""
    if parse(ours["optimizer"]).kind.startswith("torch"):
        return ""
    mine, reference = (_without_names(settings) for settings in (ours, theirs))
    both = {key: value for key, value in mine.items() if reference.get(key) == value}
    words = ["descent", "check", ours["optimizer"], "--against", theirs["optimizer"]]
    for option, values in (
        ("--set", both),
        ("--set-rule", {key: mine[key] for key in mine if key not in both}),
        ("--set-reference", {key: reference[key] for key in reference if key not in both}),
    ):
        for key, value in values.items():
            words += [option, f"{key}={_yaml(value)}"]
    return shlex.join(words)


def _diverged(accuracy):
    lost = accuracy.loc[accuracy["diverged"] > 0, "variant"]
    if lost.empty:
        return []
    return [
        _step(
            f"Try lower learning rates for {', '.join(lost)}. A list in the configuration, such as "
            "lr: [0.001, 0.01, 0.1], is a sweep, which selects the best one."
        )
    ]


def _references(config, comparisons):
    names = [name for name, members in comparisons.items() if not marked_references(members)]
    if not names:
        return []
    return [
        _step(
            f"To judge update rules in {', '.join(names)}, mark a variant with reference: true in "
            f"results/{config['name']}/config.yaml, and run it again:",
            _again(config),
        )
    ]


def _seeds(config, tables):
    """Say how many seeds could decide what is open: in a new experiment, not by adding some."""
    if len(config["seeds"]) == 1:
        return [
            _step(
                "Train more seeds, to see what is chance. The one that there is will be kept:",
                _again(
                    config,
                    f"seeds={{from: {config['seeds'][0]}, to: "
                    f"{config['seeds'][0] + _MORE_SEEDS - 1}}}",
                ),
            )
        ]
    rows = tables["equivalence"]
    rows = rows[(rows["metric"] == "test_accuracy") & rows["verdict"].isin(_OPEN)]
    needed = rows["seeds_needed"].max()
    if pd.isna(needed) or needed <= len(config["seeds"]):
        return []
    return [
        _step(
            f"To decide what is open about performance, plan an experiment with {needed:,.0f} "
            "seeds, and other random numbers than these. (Adding seeds until a verdict pleases "
            "gives wrong verdicts.)",
            _again(
                config,
                f"name={config['name']}_large",
                f"root_seed={config['root_seed'] + 1}",
                f"seeds={{from: 0, to: {needed - 1:.0f}}}",
            ),
        )
    ]


def _elsewhere(config):
    """Say how to try the same on other data: only where they have images of the same kind."""
    if config["dataset"]["name"] != "mnist":
        return []
    changes = (f"name={config['name']}_fashion", "dataset={name: fashion_mnist}")
    return [_step("See whether it holds on other data (a download):", _again(config, *changes))]


def _without_names(settings):
    """Return all settings but the optimizer and the mark of the reference."""
    return {key: settings[key] for key in settings if key not in ("optimizer", "reference")}


def _yaml(value):
    """Write a value as in a configuration, on one line."""
    return yaml.safe_dump([value], default_flow_style=True, width=math.inf).strip()[1:-1]
