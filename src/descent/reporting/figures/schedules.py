"""The learning rates of variants with a schedule, iteration by iteration."""

import io

import matplotlib.pyplot as plt

from descent.reporting.figures.style import HALF_PAGE, add_legend, looks, set_style, sparse_markers


def schedules(rates):
    """Draw learning rates against the iteration.

    Parameters
    ----------
    rates : dict
        Maps each variant to its learning rates, one for every iteration.

    Returns
    -------
    matplotlib.figure.Figure
    """
    set_style()
    figure, axes = plt.subplots(figsize=(HALF_PAGE, 1.9), layout="constrained")
    for (variant, values), look in zip(rates.items(), looks(len(rates)), strict=True):
        iterations = range(1, len(values) + 1)
        style = look | {"markersize": 2.5, "markevery": sparse_markers(values)}
        axes.plot(iterations, values, **style, label=variant)
    if max(map(len, rates.values())) == 1:
        axes.set_xlim(0, 2)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("Iteration")
    axes.set_ylabel("Learning rate")
    axes.locator_params(axis="x", integer=True)
    add_legend(figure, axes.lines, rows=6)
    return figure


def as_png(figure):
    """Return a figure as the bytes of a PNG file, and close it."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=200)
    plt.close(figure)
    return picture.getvalue()
