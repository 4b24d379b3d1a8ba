"""The learning rates of variants with a schedule, iteration by iteration."""

import io

import matplotlib.pyplot as plt

from descent.reporting.figures.style import HALF_PAGE, LINE_STYLES, colors, set_style


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
    size = HALF_PAGE, 2 + 0.15 * len(rates)
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    colours = colors(len(rates))
    for index, (variant, values) in enumerate(rates.items()):
        axes.plot(
            range(1, len(values) + 1),
            values,
            color=colours[index],
            linestyle=LINE_STYLES[index % len(LINE_STYLES)],
            label=variant,
        )
    axes.set_ylim(bottom=0)
    axes.set_xlabel("Iteration")
    axes.set_ylabel("Learning rate")
    figure.legend(frameon=False, loc="outside upper center")
    return figure


def as_png(figure):
    """Return a figure as the bytes of a PNG file, and close it."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=200)
    plt.close(figure)
    return picture.getvalue()
