"""The report, a page with verdicts, tables, figures and provenance."""

import math
from pathlib import Path

import pandas as pd
import yaml

from descent.experiment.halving import budgets
from descent.experiment.sweeps import compared
from descent.metrics import METRICS
from descent.optimizers.schedules import rate
from descent.reporting import wording
from descent.reporting.accuracy_table import in_order
from descent.reporting.conclusions import verdicts
from descent.reporting.figures.schedules import as_png, schedules
from descent.reporting.html_tables import number, shown
from descent.reporting.rendering import data_url, inline_image, render
from descent.training.settings import TrainingSettings

_OF_VARIANTS = ("final_accuracy", "targets", "untrained")  # the tables that are about one at a time


def report(
    *,
    config,
    tables,
    figures,
    curves,
    curves_of_epochs,
    labels,
    n_classes,
    n_images,
    provenance,
):
    """Return the report as one HTML page that needs no other file.

    Parameters
    ----------
    config : dict
        Resolved and valid.
    tables : dict
        Maps the name of each table to its DataFrame.
    figures : list of path
        PNG files; those of a comparison are named `<metric>_<comparison>.png`, or with `parity` or
        `sensitivity` instead of the metric; the grid of images is `examples.png`.
    curves, curves_of_epochs : pandas.DataFrame
        Returned by `descent.analysis.curves.curves`, over iterations and over epochs; every metric
        in them has its figures.
    labels : list of str
        The labels of the images in the grid.
    n_classes : int
    n_images : int
        In the training set, with those that are held out.
    provenance : list of dict
        One per run, as returned by `descent.records.read_metadata`.

    Returns
    -------
    str
    """
    images = {Path(file).stem: inline_image(file) for file in figures}
    comparisons = compared(config)
    variants = [variant for members in comparisons.values() for variant in members]
    ordered = tables | {name: in_order(tables[name], variants) for name in _OF_VARIANTS}
    return render(
        "report.html.jinja",
        config=config,
        experiment=wording.experiment(config),
        dataset=wording.dataset(config),
        verdicts=verdicts(comparisons, tables, provenance, config["name"]),
        tables={name: shown(table, name) for name, table in ordered.items()},
        overlays={
            name: [
                _overlays(images, name, members, table, config["curves"])
                for table in (curves, curves_of_epochs)
            ]
            for name, members in comparisons.items()
        },
        schedules=_schedules(config, n_images, provenance),
        parity_figures=[
            _parity(images, name, tables["parity"])
            for name in comparisons
            if f"parity_{name}" in images
        ],
        tuning=_tuning(budgets(config), comparisons),
        sensitivities=[
            _sensitivity(images, name) for name in comparisons if f"sensitivity_{name}" in images
        ],
        examples={
            "source": images["examples"],
            "alt": "Grayscale images, each below its label; row by row: " + ", ".join(labels),
        },
        n_classes=n_classes,
        chance_loss=math.log(n_classes),
        provenance=_provenance(provenance),
        configuration=yaml.safe_dump(config, sort_keys=False, default_flow_style=None),
    )


def _overlays(images, comparison, members, curves, settings):
    """Describe a comparison's figures over iterations or over epochs, one for each metric."""
    curves = curves[curves["seed"].isna()]  # the others are single seeds, after one diverged
    drawn = set(curves["metric"])
    return [
        _overlay(images, comparison, members, metric, curves[curves["metric"] == metric], settings)
        for metric in METRICS
        if metric in drawn
    ]


def _overlay(images, comparison, members, metric, curves, settings):
    """Describe the figure of one metric of a comparison: image, alternative text, caption."""
    over = "epoch" if "epoch" in curves else "iteration"
    when, window = {
        "iteration": ("of every mini-batch", settings["smoothing_window"]),
        "epoch": ("after every epoch (0: untrained)", 1),
    }[over]
    means = {name: curves[curves["variant"] == name].set_index(over) for name in members}
    ends = [f"{name} {wording.curve(mean['mean'], metric)}" for name, mean in means.items()]
    n_seeds = max(mean["n_seeds"].max() for mean in means.values())
    label, last = METRICS[metric].heading, max(mean.index.max() for mean in means.values())
    band = wording.band(settings["band"], settings["confidence_level"], n_seeds)
    variants = "; ".join(f"{name} is {wording.settings(members[name])}" for name in members)
    return {
        "file": f"{metric}_{comparison}",
        "source": images[f"{metric}_{comparison}"],
        "alt": f"Curves of {label[0].lower()}{label[1:]} against the {over}: {'; '.join(ends)}.",
        "caption": f"{label} {when}: {band}; {wording.smoothing(window, last)}. {variants}.",
    }


def _schedules(config, n_images, runs):
    """Draw the learning rates of the variants that have a schedule; None if there are none."""
    scheduled = {
        run["configuration"]["variant"]: run["configuration"]["settings"]
        for run in runs
        if "lr_scheduler" in run["configuration"]["settings"]
    }
    if not scheduled:
        return None
    per_epoch = TrainingSettings.from_config(config).iterations_per_epoch(n_images)
    iterations = range(config["training"]["epochs"] * per_epoch)
    rates = {
        variant: [rate(settings["lr"], i, settings["lr_scheduler"], per_epoch) for i in iterations]
        for variant, settings in scheduled.items()
    }
    ways = [f"{name} from {lrs[0]:.3g} to {lrs[-1]:.3g}" for name, lrs in rates.items()]
    words = [f"{name}: {wording.schedule(of['lr_scheduler'])}" for name, of in scheduled.items()]
    return {
        "source": data_url(as_png(schedules(rates))),
        "alt": f"Learning rate against the iteration: {'; '.join(ways)}.",
        "caption": f"Learning rate of every iteration, where it follows a schedule. "
        f"{'; '.join(words)}.",
    }


def _parity(images, comparison, parity):
    """Describe the figure of the differences between a comparison's rules."""
    of_training = (parity["comparison"] == comparison) & (parity["on"] == "training")
    rows = parity[of_training].itertuples()
    found = [
        f"{row.variant} in {row.dtype}: at most {number(row.largest_difference, '.2g')} of the "
        f"tensor's scale, {row.verdict}"
        for row in rows
    ]
    return {
        "file": f"parity_{comparison}",
        "source": images[f"parity_{comparison}"],
        "alt": f"Difference from the reference against the iteration, given the same gradients: "
        f"{'; '.join(found)}.",
        "caption": f"Comparison {comparison}: difference from the reference when both rules "
        "receive the same gradients, on which the verdict is based, and in training, where each "
        "computes its own gradients and rounding errors grow.",
    }


def _tuning(budgets, comparisons):
    """Say what tuning each variant took, in comparisons where some were tuned."""
    return [
        wording.budget(variant, budgets.get(variant))
        for members in comparisons.values()
        if budgets.keys() & members.keys()
        for variant in members
    ]


def _sensitivity(images, comparison):
    """Describe the figure of a comparison's sweeps."""
    return {
        "file": f"sensitivity_{comparison}",
        "source": images[f"sensitivity_{comparison}"],
        "alt": "Final validation accuracy and loss against a hyperparameter; the table has the "
        "numbers.",
        "caption": f"Comparison {comparison}: final validation accuracy and loss of every "
        "combination. A ring marks the selected combination, a cross diverged runs.",
    }


def _provenance(runs):
    """List what the runs were made with; more than one value if runs differ."""
    commits = [
        f"{run['git_commit'] or 'unknown'}{', with uncommitted changes' * bool(run['git_dirty'])}"
        for run in runs
    ]
    fields = {
        "Code commit": commits,
        "CPU": [run["cpu"] for run in runs],
        "Python": [run["python"] for run in runs],
        "torch": [run["torch"] for run in runs],
        "Descent Lab": [run["descent"] for run in runs],
    }
    gpus = [run["device_name"] for run in runs if run.get("device") == "cuda"]
    if gpus:
        fields["GPU"] = gpus
    return {name: list(pd.unique(pd.Series(values))) for name, values in fields.items()}
