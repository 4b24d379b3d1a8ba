"""The parity figure: how far an update rule is from its reference, iteration by iteration."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.textpath import TextPath

from descent.reporting.figures.style import HALF_PAGE, colors, set_style

_FLOOR = 1e-19  # where a difference of 0 is drawn on the logarithmic axis
_LOOPS = {"replay": "-", "closed": (0, (1, 1))}
_LABELS = {"replay": "same gradients", "closed": "own gradients (not judged)"}
_BOUND = {"color": "0.4", "linestyle": "--", "linewidth": 0.9, "label": "rounding bound"}
_HANDLE = 4.8  # font sizes that the line beside a label and the space around it take


def parity(trace, *, reference, n_seeds, first_seed=None):
    """Draw the differences found by `descent.parity.replay.replay`, with the rounding bound.

    Parameters
    ----------
    trace : pandas.DataFrame
        The rows of one comparison.
    reference : str
        The variant that the others are compared with.
    n_seeds : int
        Seeds of the replay, for the note.
    first_seed : int, optional
        Seed of the closed loop, for the note; left out if there is none.

    Returns
    -------
    matplotlib.figure.Figure
    """
    set_style()
    variants = sorted(trace["variant"].unique())
    colours = dict(zip(variants, colors(len(variants)), strict=True))
    handles = _handles(colours, [loop for loop in _LOOPS if loop in set(trace["loop"])])
    columns = _columns([handle.get_label() for handle in handles])
    figure, panels = plt.subplots(
        1,
        2,
        figsize=(2 * HALF_PAGE, 2.5 + 0.13 * -(-len(handles) // columns)),
        sharex=True,
        sharey=True,
        layout="constrained",
    )
    for axes, (dtype, part) in zip(panels, trace.groupby("dtype"), strict=True):
        for (variant, loop), steps in part.groupby(["variant", "loop"], sort=False):
            axes.plot(
                steps["iteration"],
                steps["difference"].clip(lower=_FLOOR),
                color=colours[variant],
                linestyle=_LOOPS[loop],
                linewidth=0.9,
                label=f"{variant}, {_LABELS[loop]}",
                zorder=3,
            )
        bound = part[part["loop"] == "replay"].groupby("iteration")["bound"].min()
        axes.plot(bound, **_BOUND)
        axes.set_yscale("log")
        axes.set_title(dtype)
        axes.set_xlabel("Iteration")
    ticks = [_FLOOR, 1e-16, 1e-12, 1e-8, 1e-4, 1]
    panels[0].set_yticks(ticks, labels=["same bits", *(f"{tick:g}" for tick in ticks[1:])])
    panels[0].minorticks_off()
    panels[0].set_ylim(_FLOOR / 3, max(10, panels[0].get_ylim()[1]))
    panels[0].set_ylabel(f"Difference from {reference}\n(relative to the tensor's scale)")
    figure.legend(handles=handles, frameon=False, loc="outside upper center", ncols=columns)
    seeds = "1 seed" if n_seeds == 1 else f"{n_seeds} seeds, the largest difference of all"
    note = f"same gradients: {seeds}"
    if first_seed is not None:
        note += f"; own gradients: seed {first_seed}"
    figure.supxlabel(note, fontsize=6)
    return figure


def _handles(colours, loops):
    """Make the entries of the legend: the variants' colors, the loops' line styles, the bound."""
    lines = [{"color": colour, "label": variant} for variant, colour in colours.items()]
    lines += [{"color": "0.4", "linestyle": _LOOPS[loop], "label": _LABELS[loop]} for loop in loops]
    return [Line2D([], [], **{"linewidth": 0.9} | line) for line in [*lines, _BOUND]]


def _columns(labels):
    """Return the most columns that fit side by side, each as wide as its widest label."""
    size = plt.rcParams["legend.fontsize"]  # in points, of which an inch has 72
    widths = [
        _HANDLE * size + TextPath((0, 0), label, size).get_extents().width for label in labels
    ]
    for n in range(len(labels), 1, -1):
        if sum(map(max, np.array_split(widths, n))) <= 72 * 2 * HALF_PAGE:
            return n
    return 1
