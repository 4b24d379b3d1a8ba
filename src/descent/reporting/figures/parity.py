"""The parity figure: how far an update rule is from its reference, iteration by iteration."""

import matplotlib.pyplot as plt

from descent.reporting.figures.style import HALF_PAGE, colors, set_style

_FLOOR = 1e-19  # where a difference of 0 is drawn on the logarithmic axis
_LOOPS = {"replay": "-", "closed": (0, (1, 1))}
_LABELS = {"replay": "same gradients", "closed": "own gradients (not judged)"}


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
    figure, panels = plt.subplots(
        1,
        2,
        figsize=(2 * HALF_PAGE, 2.5 + 0.13 * len(variants)),
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
        axes.plot(bound, color="0.4", linestyle="--", linewidth=0.9, label="rounding bound")
        axes.set_yscale("log")
        axes.set_title(dtype)
        axes.set_xlabel("Iteration")
    ticks = [_FLOOR, 1e-16, 1e-12, 1e-8, 1e-4, 1]
    panels[0].set_yticks(ticks, labels=["same bits", *(f"{tick:g}" for tick in ticks[1:])])
    panels[0].minorticks_off()
    panels[0].set_ylim(_FLOOR / 3, max(10, panels[0].get_ylim()[1]))
    panels[0].set_ylabel(f"Difference from {reference}\n(relative to the tensor's scale)")
    handles, labels = panels[0].get_legend_handles_labels()
    columns = min(3, len(labels))
    figure.legend(handles, labels, frameon=False, loc="outside upper center", ncols=columns)
    seeds = "1 seed" if n_seeds == 1 else f"{n_seeds} seeds, the largest difference of all"
    note = f"same gradients: {seeds}"
    if first_seed is not None:
        note += f"; own gradients: seed {first_seed}"
    figure.supxlabel(note, fontsize=6)
    return figure
