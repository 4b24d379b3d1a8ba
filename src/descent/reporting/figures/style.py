"""The style of all figures, and how they are saved."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from descent.files import replacing
from descent.reporting.wording import NOTE

#: On an axis of accuracies in percent.
ACCURACY_TICKS = [0, 50, 80, 90, 95, 98, 99, 99.5, 99.8, 100]

#: Seaborn's palette "colorblind".
_COLORS = [
    *("#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc"),
    *("#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9"),
]

#: What differs from matplotlib's own style. It is that of seaborn's `set_theme("paper", "ticks")`,
#: without the need for seaborn, but with smaller fonts.
_STYLE = {
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.axisbelow": True,
    "axes.edgecolor": ".15",
    "axes.labelcolor": ".15",
    "axes.linewidth": 1.0,
    "axes.prop_cycle": plt.cycler(color=_COLORS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "grid.color": ".8",
    "lines.linewidth": 1.2,
    "lines.markersize": 4.8,
    "lines.solid_capstyle": "round",
    "patch.edgecolor": "w",
    "patch.force_edgecolor": True,
    "patch.linewidth": 0.8,
    "text.color": ".15",
    **{
        f"{axis}tick.{key}": value
        for axis in "xy"
        for key, value in {
            "color": ".15",
            "labelsize": 7,
            "major.size": 4.8,
            "major.width": 1.0,
            "minor.size": 3.2,
            "minor.width": 0.8,
        }.items()
    },
    "font.sans-serif": [
        *("Arial", "DejaVu Sans", "Liberation Sans", "Bitstream Vera Sans", "sans-serif"),
    ],
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8,
    "legend.fontsize": 7,
    "legend.title_fontsize": 7,
    "pdf.fonttype": 42,  # embed fonts as text, not as outlines
    "svg.fonttype": "none",
    "svg.hashsalt": "descent",  # so that the same curves give the same file
}

_DASHES = ["-", (0, (4, 1.5)), (0, (1, 1)), (0, (4, 1, 1, 1)), (0, (6, 1, 1, 1, 1, 1))]
_MARKERS = "osD^v"
_FILLED = 0.93  # the share of a figure's width that text may take: its size depends on the format

#: Width in inches of half a page; fonts are sized for it.
HALF_PAGE = 3.4


def set_style():
    """Set fonts, colors and the options of file formats for all figures drawn from now on."""
    plt.rcParams.update(_STYLE)


def looks(n):
    """Return the color, dashes and marker of that many variants or lines, the first 50 distinct.

    Those that share dashes and marker have colors that color-blind people can tell apart.

    Returns
    -------
    list of dict
        `color`, `linestyle` and `marker`, as for `matplotlib.lines.Line2D`.
    """
    kinds = [(index + 2 * (index // 5)) % 5 for index in range(n)]
    return [
        {
            "color": to_rgb(_COLORS[index % len(_COLORS)]),
            "linestyle": _DASHES[kind],
            "marker": _MARKERS[kind],
        }
        for index, kind in enumerate(kinds)
    ]


def dashes(linestyle, width):
    """Return the lengths of the dashes and gaps of a look, for lines of this width in a page.

    Parameters
    ----------
    linestyle : str or tuple
        One that `looks` returns.
    width : float
        In pixels, or units of an SVG.

    Returns
    -------
    list of float
        Empty if the line is solid.
    """
    return [] if linestyle == "-" else [width * length for length in linestyle[1]]


def sparse_markers(values):
    """Return `markevery` for a line of these values: at about 0.1 times the size of the axes."""
    return 0.1 if len(values) > 1 else 1  # from a share, matplotlib finds no place for a single one


def add_legend(figure, handles, *, rows=1, title=None):
    """Put a legend above the axes, for which the figure grows; long names have several lines.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        With the layout "constrained".
    handles : list of matplotlib.lines.Line2D
        With labels.
    rows : int
        The fewest entries of a column; there are as many columns as fit.
    title : str, optional
    """
    labels = [handle.get_label() for handle in handles]
    columns, width = max(1, len(labels) // rows), max(map(len, labels))
    while True:
        legend = figure.legend(
            handles,
            [_wrap(label, width, subsequent_indent="  ") for label in labels],
            ncols=columns,
            title=title,
            frameon=False,
            borderpad=0,
            columnspacing=1.2,
            loc="outside upper center",
        )
        excess = _excess(legend)
        if excess <= 1 or columns == width == 1:
            break
        legend.remove()
        if columns > 1:
            columns -= 1
        else:
            width = max(1, int(width / excess))
    _grow(figure, legend)


def add_note(figure, *lines):
    """Put a note in small print below the axes, for which the figure grows.

    Pages leave it out: `descent.reporting.adaptive`.
    """
    note, width = figure.supxlabel("", fontsize=6, gid=NOTE), max(map(len, lines))
    while True:
        note.set_text("\n".join(_wrap(line, width) for line in lines))
        if _excess(note) <= 1:
            break
        width = int(width / _excess(note))
    _grow(figure, note)


def _wrap(text, width, **indent):
    """Break text into lines, of which no part is taken for a formula."""
    return textwrap.fill(text, width, **indent).replace("$", r"\$")


def _excess(artist):
    """Return how many times its room an artist is wide."""
    return artist.get_window_extent().width / (_FILLED * artist.get_figure().bbox.width)


def _grow(figure, artist):
    height = artist.get_window_extent().height / figure.dpi
    figure.set_figheight(figure.get_figheight() + height)


def save(figure, files):
    """Write a figure and close it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    files : list of str
        Files to write; the suffix determines the format.
    """
    for file in files:
        kind = file.rpartition(".")[2]
        metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
        with replacing(file) as part:
            figure.savefig(part, format=kind, dpi=300, metadata=metadata)
    plt.close(figure)


def scale_loss(axes):
    """Make an axis of losses, with its limits, logarithmic, with plain numbers at its ticks."""
    axes.set_yscale("log")
    bottom, top = axes.get_ylim()
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if top < 1e4 * bottom else (1,)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())


def scale_accuracy(axes):
    """Scale and limit an axis of accuracies, in percent, roughly logarithmically in the error.

    The range from 90 to 100 % matters most.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        With everything already drawn.
    """
    axes.set_yscale("function", functions=(_accuracy_scale, _inverse_accuracy_scale))
    axes.autoscale_view(scalex=False)  # the margins of the linear scale would be too wide here
    bottom, top = max(axes.get_ylim()[0], 0), min(axes.get_ylim()[1], 100)
    candidates = ACCURACY_TICKS if top > 80 else range(0, 81, 10)
    ticks = [tick for tick in candidates if bottom <= tick <= top]
    if len(ticks) < 2:  # the range is between two of them
        candidates = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(bottom, top)
        ticks = [tick for tick in candidates if bottom <= tick <= top]
    axes.set_yticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    axes.set_ylim(bottom, top)


def _accuracy_scale(percent):
    return -np.log10(np.clip(100.1 - percent, 0.01, None))


def _inverse_accuracy_scale(position):
    return 100.1 - 10.0 ** -np.asarray(position)
