"""The learning rates of variants with a schedule, iteration by iteration."""

import io

import matplotlib.pyplot as plt

from descent.reporting.figures.style import HALF_PAGE, add_legend, looks, set_style, sparse_markers


def schedules(rates, order=None):
    """Draw learning rates against the iteration.

    Parameters
    ----------
    rates : dict
        Maps each variant to its learning rates, one for every iteration.
    order : list of str, optional
        All variants of the comparison, as in its other figures, so that each looks the same in all
        of them. By default, those of `rates`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    set_style()
    figure, axes = plt.subplots(figsize=(HALF_PAGE, 1.9), layout="constrained")
    order = order or list(rates)
    styles = dict(zip(order, looks(len(order)), strict=True))
    for variant, values in rates.items():
        iterations = range(1, len(values) + 1)
        style = styles[variant] | {"markersize": 2.5, "markevery": sparse_markers(values)}
        axes.plot(iterations, values, **style, label=variant)
    if max(map(len, rates.values())) == 1:
        axes.set_xlim(0, 2)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("Iteration")
    axes.set_ylabel("Learning rate")
    axes.locator_params(axis="x", integer=True)
    add_legend(figure, axes.lines, rows=6)
    return figure


def as_svg(figure):
    """Return a figure as the text of an SVG file, and close it."""
    picture = io.StringIO()
    figure.savefig(picture, format="svg", metadata={"Date": None})
    plt.close(figure)
    return picture.getvalue()
