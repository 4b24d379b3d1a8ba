"""The parity figure: how far an update rule is from its reference, iteration by iteration."""

import matplotlib.pyplot as plt
from matplotlib.lines import Line2D

from descent.reporting.figures.style import (
    HALF_PAGE,
    add_legend,
    add_note,
    looks,
    set_style,
    sparse_markers,
)

_FLOOR = 1e-19  # where a difference of 0 is drawn on the logarithmic axis
_LOOPS = {"replay": "-", "closed": (0, (1, 1))}
_LINE = {"linewidth": 0.9, "markersize": 2.5, "markeredgewidth": 0}
_LABELS = {"replay": "same gradients", "closed": "own gradients (not judged)"}
_BOUND = {"color": "0.4", "linestyle": "--", "linewidth": 0.9, "label": "rounding bound"}


def parity(trace, *, reference, n_seeds, first_seed=None, order=None):
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
    order : list of str, optional
        All variants of the comparison, as in its other figures, so that each has its color in all
        of them. By default, those in the trace.

    Returns
    -------
    matplotlib.figure.Figure
    """
    set_style()
    drawn = set(trace["variant"])
    order = order or sorted(drawn)
    styles = {
        variant: {"color": look["color"], "marker": look["marker"]}
        for variant, look in zip(order, looks(len(order)), strict=True)
        if variant in drawn
    }
    size = (2 * HALF_PAGE, 2.3)
    figure, panels = plt.subplots(
        1, 2, figsize=size, sharex=True, sharey=True, layout="constrained"
    )
    for axes, (dtype, part) in zip(panels, trace.groupby("dtype"), strict=True):
        for (variant, loop), steps in part.groupby(["variant", "loop"], sort=False):
            axes.plot(
                steps["iteration"],
                steps["difference"].clip(lower=_FLOOR),
                **styles[variant] | _LINE,
                linestyle=_LOOPS[loop],
                markevery=sparse_markers(steps),
                label=f"{variant}, {_LABELS[loop]}",
                zorder=3,
            )
        bound = part[part["loop"] == "replay"].groupby("iteration")["bound"].min()
        axes.plot(bound, **_BOUND, marker="_" if len(bound) == 1 else "None")
        axes.set_yscale("log")
        axes.set_title(dtype)
        axes.set_xlabel("Iteration")
    ticks = [_FLOOR, 1e-16, 1e-12, 1e-8, 1e-4, 1]
    panels[0].set_yticks(ticks, labels=["same bits", *(f"{tick:g}" for tick in ticks[1:])])
    panels[0].minorticks_off()
    panels[0].set_ylim(_FLOOR / 3, max(10, panels[0].get_ylim()[1]))
    panels[0].set_ylabel("Difference from the reference\n(relative to the tensor's scale)")
    loops = [loop for loop in _LOOPS if loop in set(trace["loop"])]
    add_legend(figure, _handles(styles, loops))
    seeds = "1 seed" if n_seeds == 1 else f"{n_seeds} seeds, the largest difference of all"
    note = f"reference: {reference}; same gradients: {seeds}"
    if first_seed is not None:
        note += f"; own gradients: seed {first_seed}"
    add_note(figure, note)
    return figure


def _handles(styles, loops):
    """Make the entries of the legend: variants by color and marker, loops by dashes, the bound."""
    lines = [style | {"label": variant} for variant, style in styles.items()]
    lines += [{"color": "0.4", "linestyle": _LOOPS[loop], "label": _LABELS[loop]} for loop in loops]
    return [Line2D([], [], **_LINE | line) for line in [*lines, _BOUND]]
