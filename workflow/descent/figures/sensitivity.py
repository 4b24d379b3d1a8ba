"""How sensitive the final accuracy and loss are to a hyperparameter, over the runs of sweeps."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns

from descent import captions
from descent.bands import band as compute_band
from descent.figures.style import HALF_PAGE, save, scale_accuracy, scale_loss, set_style
from descent.sweeps import describe, sweep_of

_PANELS = {
    "validation_accuracy": ("Validation accuracy (%)", 100),
    "validation_loss": ("Validation cross-entropy (nats)", 1),
}
_LOG_RATIO = 10  # of the largest to the smallest value from which an axis is logarithmic
_MAX_LOSS = 20  # nats; beyond, a run learned nothing
_MARKERS = "osD^v"


@dataclass
class _Line:
    """Combinations that differ in the value on the axis alone, in the order of their values."""

    label: str
    combinations: list
    values: list


def sensitivity(final, sweeps, selected, files, *, axis, band, confidence_level, experiment):
    """Draw final validation accuracy and loss against a hyperparameter, a line for each sweep.

    A sweep over further hyperparameters has a line for each of their combinations. A cross at the
    edge marks a value at which runs diverged, with their number; it has no mean and no band.

    Parameters
    ----------
    final : pandas.DataFrame
        Of `descent.selection.final_values`.
    sweeps : dict
        Maps the variant that is selected from each sweep to its combinations and their settings.
    selected : set of str
        The combinations that were selected; ringed.
    files : list of str
        To write; the ending says the format.
    axis : str
        The hyperparameter.
    band : str
        Key of `descent.bands.KINDS`.
    confidence_level : float
    experiment : str
        What was run, for the note.
    """
    set_style()
    lines = [line for name, sweep in sweeps.items() for line in _lines(name, sweep, axis)]
    values = list(dict.fromkeys(value for line in lines for value in line.values))
    place = _places(values)
    n_seeds = final["seed"].nunique()
    height = 2.5 + 0.13 * -(-len(lines) // 3)
    figure, panels = plt.subplots(1, 2, figsize=(2 * HALF_PAGE, height), layout="constrained")
    colours = sns.color_palette("colorblind", len(lines))
    for axes, (metric, (label, scale)) in zip(panels, _PANELS.items(), strict=True):
        table = scale * final.pivot(index="combination", columns="seed", values=metric)
        for index, (line, colour) in enumerate(zip(lines, colours, strict=True)):
            runs = table.loc[line.combinations].to_numpy()
            x = np.array([place(value) for value in line.values])
            style = {"color": colour, "marker": _MARKERS[index % len(_MARKERS)]}
            _draw(axes, x, runs, band, confidence_level, label=line.label, **style)
            chosen = [name in selected for name in line.combinations]
            ring = {"markersize": 9, "markerfacecolor": "none", "markeredgecolor": colour}
            axes.plot(x[chosen], runs.mean(axis=1)[chosen], "o", **ring, zorder=5)
        _scale(axes, values, metric)
        for index, (line, colour) in enumerate(zip(lines, colours, strict=True)):
            _mark(axes, line, table, place, colour, index, top=metric == "validation_loss")
        axes.set_xlabel(_axis_label(axis))
        axes.set_ylabel(label)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, loc="outside upper center", ncols=3)
    sns.despine(figure)
    marks = "small dots: single runs; ring: selected"
    if final[list(_PANELS)].isna().any(axis=None):
        marks += "; cross: runs that diverged"
    note = f"{experiment}\n{captions.band(band, confidence_level, n_seeds)}; {marks}"
    figure.supxlabel(note, fontsize=6)
    save(figure, files)


def _lines(selected, sweep, axis):
    """Group the combinations of a sweep by what they hold beside the value on the axis."""
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
    """Return the function that places a value on the axis: a number at itself, others in turn."""
    if all(map(_is_number, values)):
        return lambda value: value
    return values.index


def _draw(axes, x, runs, band, confidence_level, **style):
    """Draw the mean and band of the values at which all runs completed, and every run."""
    complete = np.isfinite(runs).all(axis=1)
    bounds = np.full((2, len(runs)), np.nan)
    bounds[:, complete] = compute_band(runs[complete], band, confidence_level)
    axes.plot(x, runs.mean(axis=1), linewidth=0.9, markersize=3.5, zorder=4, **style)
    axes.fill_between(x, *bounds, color=style["color"], alpha=0.25, linewidth=0)
    axes.plot(x, runs, ".", color=style["color"], markersize=2, zorder=3)


def _scale(axes, values, metric):
    numbers = [value for value in values if _is_number(value)]
    if len(numbers) < len(values):
        axes.set_xticks(range(len(values)), labels=[str(value) for value in values])
    elif min(numbers) > 0 and max(numbers) / min(numbers) >= _LOG_RATIO:
        axes.set_xscale("log")
    if metric == "validation_loss":
        scale_loss(axes)
        drawn = np.concatenate([line.get_ydata().ravel() for line in axes.lines])
        drawn = drawn[np.isfinite(drawn)]  # not the bands, which may reach below 0
        worst, best = (drawn.max(), drawn.min()) if len(drawn) else (10, 0.1)
        axes.set_ylim(best / 1.3, min(worst * 1.3, max(_MAX_LOSS, 2 * best)))
    else:
        scale_accuracy(axes)


def _mark(axes, line, table, place, colour, index, *, top):
    """Put a cross at the edge, those of other lines beside it, where runs diverged."""
    height = 0.97 - 0.08 * index if top else 0.03 + 0.08 * index
    for name, value in zip(line.combinations, line.values, strict=True):
        lost = table.loc[name].isna().sum()
        if lost:
            style = {"color": colour, "markersize": 5, "markeredgewidth": 1.2}
            where = {"transform": axes.get_xaxis_transform(), "clip_on": False, "zorder": 20}
            axes.plot(place(value), height, "x", **style, **where)
            axes.annotate(
                f"{lost} of {table.shape[1]}",
                (place(value), height),
                xycoords=axes.get_xaxis_transform(),
                xytext=(-4, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                fontsize=6,
                color=colour,
            )


def _axis_label(axis):
    return "Learning rate" if axis == "lr" else axis
