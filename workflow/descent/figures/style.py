"""The look of every figure, and the way into its files."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import seaborn as sns

from descent.files import replacing

#: Width in inches of half a page; fonts are sized for it.
HALF_PAGE = 3.4


def set_style():
    """Set fonts, colours and the formats' settings for the figures that follow."""
    sns.set_theme(context="paper", style="ticks", palette="colorblind")
    plt.rcParams.update(
        {
            "font.size": 8,
            "axes.labelsize": 8,
            "axes.titlesize": 8,
            "xtick.labelsize": 7,
            "ytick.labelsize": 7,
            "legend.fontsize": 7,
            "legend.title_fontsize": 7,
            "pdf.fonttype": 42,  # embed fonts as text, not as outlines
            "svg.fonttype": "none",
            "svg.hashsalt": "descent",  # the same file from the same curves
        }
    )


def save(figure, files):
    """Write a figure and close it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    files : list of str
        To write; the ending says the format.
    """
    for file in files:
        kind = file.rpartition(".")[2]
        metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
        with replacing(file) as part:
            figure.savefig(part, format=kind, dpi=300, metadata=metadata)
    plt.close(figure)
