"""How sensitive the final accuracy and loss are to a hyperparameter, over the runs of sweeps."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

from descent.analysis.bands import band as compute_band
from descent.experiment.sweeps import describe, sweep_of
from descent.metrics import METRICS
from descent.reporting import wording
from descent.reporting.figures.style import (
    HALF_PAGE,
    add_legend,
    add_note,
    looks,
    save,
    scale_accuracy,
    scale_loss,
    set_style,
)

_PANELS = ["validation_accuracy", "validation_loss"]
_LOG_RATIO = 10  # largest to smallest value; from this ratio on, an axis is logarithmic
_MAX_LOSS = 20  # nats; beyond it, a run learned nothing
_LOOKS = [{"linestyle": "-"}] + [  # the last rung, the one before it, and so on
    {"linestyle": dashes, "markerfacecolor": "none"} for dashes in ("--", "-.", ":")
]


@dataclass
class _Line:
    """Combinations that differ only in the value on the axis, in the order of their values."""

    label: str
    combinations: list
    values: list


def sensitivity(final, sweeps, selected, files, *, axis, band, confidence_level, experiment):
    """Draw final validation accuracy and loss against a hyperparameter, one line per sweep.

    A sweep over further hyperparameters has a line for each combination of them, and one with rungs
    has a line for each rung. A cross at the edge marks a value at which runs diverged, with their
    number; it has no mean and no band. Only the last rung has bands.

    Parameters
    ----------
    final : pandas.DataFrame
        Returned by `descent.analysis.selection.final_values`, with the `epochs` of each run; from
        the first rung to the last.
    sweeps : dict
        Maps the variant that is selected from each sweep to its combinations and their settings.
    selected : set of str
        The selected combinations, which are marked by rings.
    files : list of str
        Files to write; the suffix determines the format.
    axis : str
        The hyperparameter on the horizontal axis.
    band : str
        Key of `descent.analysis.bands.KINDS`.
    confidence_level : float
    experiment : str
        What was run, for the note.
    """
    set_style()
    lines = [line for name, sweep in sweeps.items() for line in _lines(name, sweep, axis)]
    values = list(dict.fromkeys(value for line in lines for value in line.values))
    place = _places(values)
    n_seeds = final["seed"].nunique()
    rungs = sorted(final["epochs"].unique())
    dashes = {epochs: _LOOKS[min(back, 3)] for back, epochs in enumerate(reversed(rungs))}
    last = final.drop_duplicates(["combination", "seed"], keep="last")
    last = last.pivot(index="combination", columns="seed", values="validation_loss")
    figure, panels = plt.subplots(1, 2, figsize=(2 * HALF_PAGE, 2.3), layout="constrained")
    styles = [{"color": look["color"], "marker": look["marker"]} for look in looks(len(lines))]
    for axes, metric in zip(panels, _PANELS, strict=True):
        table = METRICS[metric].scale * final.pivot(
            index=["epochs", "combination"], columns="seed", values=metric
        )
        for line, style in zip(lines, styles, strict=True):
            x = np.array([place(value) for value in line.values])
            for epochs in rungs:
                runs = table.loc[epochs].reindex(line.combinations).to_numpy()
                _draw(axes, x, runs, **style, **dashes[epochs])
            _shade(axes, x, runs, band, confidence_level, style["color"], len(lines))
            axes.plot([], [], label=line.label, markersize=3.5, **style)
            chosen = [name in selected for name in line.combinations]
            ring = {"markersize": 9, "markerfacecolor": "none", "markeredgecolor": style["color"]}
            axes.plot(x[chosen], runs.mean(axis=1)[chosen], "o", **ring, zorder=5)
        _scale(axes, values, metric)
        for index, (line, style) in enumerate(zip(lines, styles, strict=True)):
            height = 0.03 + 0.94 * index / max(len(lines), 12)
            height = 1 - height if metric == "validation_loss" else height
            _mark(axes, line, last, place, style["color"], height)
        axes.set_xlabel(_axis_label(axis))
        axes.set_ylabel(METRICS[metric].heading)
    handles, _ = panels[0].get_legend_handles_labels()
    if len(rungs) > 1:
        style = {"color": "grey", "marker": "o", "markersize": 3.5}
        handles += [
            Line2D([], [], label=wording.count(epochs, "epoch"), **style, **dashes[epochs])
            for epochs in rungs
        ]
    add_legend(figure, handles)
    marks = "small dots: single runs; ring: selected"
    if len(rungs) > 1:
        marks += "; bands: of the longest runs only"
    if final[_PANELS].isna().any(axis=None):
        marks += "; cross: runs that diverged"
    add_note(figure, experiment, f"{wording.band(band, confidence_level, n_seeds)}; {marks}")
    save(figure, files)


def _lines(selected, sweep, axis):
    """Group the combinations of a sweep by their settings other than the one on the axis."""
    others = [{key: v for key, v in settings.items() if key != axis} for settings in sweep.values()]
    groups = {}
    for name, rest in zip(sweep, others, strict=True):
        label = ", ".join(filter(None, [sweep_of(selected), describe(rest, others)]))
        groups.setdefault(label, []).append(name)
    for label, names in groups.items():
        if all(_is_number(sweep[name][axis]) for name in names):
            names = sorted(names, key=lambda name: sweep[name][axis])
        yield _Line(label, names, [_hashable(sweep[name][axis]) for name in names])


def _hashable(value):
    return tuple(value) if isinstance(value, list) else value


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def _places(values):
    """Return a function that places a value on the axis: numbers to scale, others in order."""
    if all(map(_is_number, values)):
        return lambda value: value
    return values.index


def _draw(axes, x, runs, **style):
    """Draw the mean where all runs completed, and every single run."""
    axes.plot(x, runs.mean(axis=1), linewidth=0.9, markersize=3.5, zorder=4, **style)
    axes.plot(x, runs, ".", color=style["color"], markersize=2, zorder=3)


def _shade(axes, x, runs, band, confidence_level, colour, n_lines):
    """Draw the band where all runs completed."""
    complete = np.isfinite(runs).all(axis=1)
    bounds = np.full((2, len(runs)), np.nan)
    bounds[:, complete] = compute_band(runs[complete], band, confidence_level)
    axes.fill_between(x, *bounds, color=colour, alpha=1 / max(4, n_lines), linewidth=0)


def _scale(axes, values, metric):
    numbers = [value for value in values if _is_number(value)]
    if len(numbers) < len(values):
        axes.set_xticks(range(len(values)), labels=[str(value) for value in values])
    elif min(numbers) > 0 and max(numbers) / min(numbers) >= _LOG_RATIO:
        axes.set_xscale("log")
    if metric == "validation_loss":
        drawn = np.concatenate([line.get_ydata().ravel() for line in axes.lines])
        drawn = drawn[np.isfinite(drawn)]  # not the bands, which may reach below 0
        worst, best = (drawn.max(), drawn.min()) if len(drawn) else (10, 0.1)
        axes.set_ylim(best / 1.3, min(worst * 1.3, max(_MAX_LOSS, 2 * best)))
        scale_loss(axes)
    else:
        scale_accuracy(axes)


def _mark(axes, line, runs, place, colour, height):
    """Put a cross at the edge where runs diverged, each line at its own height."""
    for name, value in zip(line.combinations, line.values, strict=True):
        lost = runs.loc[name].isna().sum()
        if lost:
            style = {"color": colour, "markersize": 5, "markeredgewidth": 1.2}
            where = {"transform": axes.get_xaxis_transform(), "clip_on": False, "zorder": 20}
            axes.plot(place(value), height, "x", **style, **where)
            axes.annotate(
                f"{lost}/{runs.shape[1]}",
                (place(value), height),
                xycoords=axes.get_xaxis_transform(),
                xytext=(0, 4),  # above: beside it, the next value may have one, too
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=6,
                color=colour,
            )


def _axis_label(axis):
    return "Learning rate" if axis == "lr" else axis
