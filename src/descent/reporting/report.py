"""The report, a page with verdicts, tables, figures and provenance."""

import math
from pathlib import Path

import pandas as pd
import yaml

from descent.experiment.halving import budgets
from descent.experiment.plan import drawn
from descent.experiment.sweeps import compared
from descent.landscapes.functions import FUNCTIONS
from descent.metrics import METRICS
from descent.optimizers.schedules import rate
from descent.reporting import documentation, terms, wording
from descent.reporting.accuracy_table import in_order
from descent.reporting.adaptive import adapt, adaptive
from descent.reporting.conclusions import verdicts
from descent.reporting.figures.schedules import as_svg, schedules
from descent.reporting.gaps import gaps
from descent.reporting.html_tables import number, shown
from descent.reporting.next_steps import next_steps
from descent.reporting.rendering import inline_image, render
from descent.training.settings import TrainingSettings

_OF_VARIANTS = ("final_accuracy", "targets", "untrained")  # the tables that are about one at a time


def report(
    *,
    config,
    tables,
    figures,
    examples,
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
        SVG files; those of a comparison are named `<metric>_<comparison>.svg`, or with `parity` or
        `sensitivity` instead of the metric.
    examples : path
        PNG file, the grid of images.
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
    images = {Path(file).stem: adaptive(file) for file in figures}
    comparisons = compared(config)
    variants = [variant for members in comparisons.values() for variant in members]
    ordered = tables | {name: in_order(tables[name], variants) for name in _OF_VARIANTS}
    judged = verdicts(comparisons, tables, provenance, config["name"])
    members = [member for comparison in judged for member in comparison["members"]]
    per_epoch = TrainingSettings.from_config(config).iterations_per_epoch(n_images)
    iterations = per_epoch * config["training"]["epochs"]
    return render(
        "report.html.jinja",
        config=config,
        experiment=wording.experiment(config),
        dataset=wording.dataset(config),
        verdicts=judged,
        causes=list(dict.fromkeys(filter(None, (member["cause"] for member in members)))),
        gaps=gaps(config, comparisons, tables, iterations),
        next_steps=next_steps(config, comparisons, tables),
        terms=terms,
        documentation=documentation,
        tables={name: shown(table, name) for name, table in ordered.items()},
        reading=_reading(config, curves, curves_of_epochs, per_epoch),
        overlays=[
            {
                "name": name,
                "settings": {v: wording.settings(members[v]) for v in members},
                "rows": [
                    _overlays(images, name, members, table) for table in (curves, curves_of_epochs)
                ],
                "schedule": _schedule(name, members, config, per_epoch, provenance),
            }
            for name, members in comparisons.items()
        ],
        parity_scheduler=_parity_scheduler(config),
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
            "source": inline_image(examples),
            "alt": "Grayscale images, each below its label; row by row: " + ", ".join(labels),
        },
        landscapes=[
            _landscape(images, FUNCTIONS[function], name, members)
            for name, members in drawn(config).items()
            for function in config["landscapes"]
        ],
        n_classes=n_classes,
        chance_loss=math.log(n_classes),
        provenance=_provenance(provenance),
        configuration=yaml.safe_dump(config, sort_keys=False, default_flow_style=None),
    )


def _of_all_seeds(curves):
    return curves[curves["seed"].isna()]  # the others are single seeds, after one diverged


def _reading(config, curves, curves_of_epochs, per_epoch):
    """Say once how to read all the figures with curves, which leave out their own notes."""
    settings, epochs = config["curves"], config["training"]["epochs"]
    n_seeds = _of_all_seeds(curves)["n_seeds"].max()
    band = wording.band(settings["band"], settings["confidence_level"], n_seeds)
    smoothing = wording.smoothing(settings["smoothing_window"], curves["iteration"].max())
    sentences = [
        f"Lines and shaded bands: {band}.",
        f"Curves of training show every mini-batch, before the update that follows it; {smoothing}."
        " Curves of the test images show the end of every epoch; epoch 0 is the untrained network.",
        "The axis of a loss is logarithmic. That of an accuracy has more room near 100 %, where "
        "halving the error always takes about the same height.",
    ]
    if epochs > 1:
        sentences.append(
            f"Small jumps at the ends of epochs, every {per_epoch:,} iterations, are expected: "
            "within an epoch, no image comes twice. When the next one begins, the network has seen "
            "every image once more, and partly remembers them."
        )
    if any(table["seed"].notna().any() for table in (curves, curves_of_epochs)):
        sentences.append(
            "A line ends where a run of its variant diverges. A cross marks the place; thin lines "
            "show the variant's seeds from there on."
        )
    return sentences


def _overlays(images, comparison, members, curves):
    """Describe a comparison's figures over iterations or over epochs, one for each metric."""
    curves = _of_all_seeds(curves)
    drawn = set(curves["metric"])
    return [
        _overlay(images, comparison, members, metric, curves[curves["metric"] == metric])
        for metric in METRICS
        if metric in drawn
    ]


def _overlay(images, comparison, members, metric, curves):
    """Describe the figure of one metric of a comparison: image, alternative text, caption."""
    over = "epoch" if "epoch" in curves else "iteration"
    when = {"iteration": "of every mini-batch", "epoch": "after every epoch"}[over]
    means = {name: curves[curves["variant"] == name].set_index(over) for name in members}
    ends = [f"{name} {wording.curve(mean['mean'], metric)}" for name, mean in means.items()]
    label, heading = METRICS[metric].label, METRICS[metric].heading
    return {
        "file": f"{metric}_{comparison}",
        "source": images[f"{metric}_{comparison}"],
        "alt": f"Curves of {heading[0].lower()}{heading[1:]} against the {over}: "
        f"{'; '.join(ends)}.",
        "caption": f"{label.capitalize()} {when}, comparison {comparison}.",
    }


def _schedule(comparison, members, config, per_epoch, runs):
    """Draw the learning rates of a comparison's variants that have a schedule; None without any."""
    trained = {
        run["configuration"]["variant"]: run["configuration"]["settings"]
        for run in runs
        if "lr_scheduler" in run["configuration"]["settings"]
    }
    scheduled = {variant: trained[variant] for variant in members if variant in trained}
    if not scheduled:
        return None
    iterations = range(config["training"]["epochs"] * per_epoch)
    rates = {
        variant: [rate(settings["lr"], i, settings["lr_scheduler"], per_epoch) for i in iterations]
        for variant, settings in scheduled.items()
    }
    ways = [f"{name} from {lrs[0]:.3g} to {lrs[-1]:.3g}" for name, lrs in rates.items()]
    words = [f"{name}: {wording.schedule(of['lr_scheduler'])}" for name, of in scheduled.items()]
    return {
        "source": adapt(as_svg(schedules(rates, list(members)))),
        "alt": f"Learning rate against the iteration: {'; '.join(ways)}.",
        "caption": f"Learning rate of every iteration, comparison {comparison}, where it follows a "
        f"schedule. {'; '.join(words)}.",
    }


def _parity_scheduler(config):
    """Describe the schedule that variants without one were compared with; empty without any."""
    scheduler = config.get("parity", {}).get("lr_scheduler")
    return wording.schedule(scheduler) if scheduler else ""


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
        "caption": f"Difference from the reference, comparison {comparison}.",
    }


def _landscape(images, function, comparison, members):
    """Describe the figure of a comparison's variants on a test function, and where they move."""
    file = f"landscape_{function.name}_{comparison}"
    return {
        "file": file,
        "source": images[file],
        "alt": f"Contours of a test function, {function.title}, with the paths of "
        f"{', '.join(members)} from one start.",
        "caption": f"{function.title}, comparison {comparison}.",
        "page": f"landscapes/{function.name}_{comparison}.html",
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
        "caption": f"Final validation accuracy and loss of every combination, comparison "
        f"{comparison}.",
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
