"""What people look at: the overlay plots and the grid of examples."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.ticker import LogLocator, NullFormatter

from descent.files import replacing

#: Width in inches of half a page; fonts are sized for it.
HALF_PAGE = 3.4
_LINE_STYLES = ["-", (0, (4, 1.5)), (0, (1, 1)), (0, (4, 1, 1, 1)), (0, (6, 1, 1, 1, 1, 1))]
_LABELS = {
    "train_loss": "Train cross-entropy (nats)",
    "train_accuracy": "Train accuracy (%)",
}
_ACCURACY_TICKS = [0, 50, 80, 90, 95, 98, 99, 99.5, 99.8, 100]
_MAX_POINTS = 1000  # about as many as the figure is pixels wide


def set_style():
    """Set seaborn and matplotlib to the style of all figures."""
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
    """Write a figure in the format that the ending of each file says, and close it."""
    for file in files:
        kind = file.rpartition(".")[2]
        metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
        with replacing(file) as part:
            figure.savefig(part, format=kind, dpi=300, metadata=metadata)
    plt.close(figure)


def overlay(
    curves,
    accuracies,
    variants,
    metric,
    files,
    *,
    confidence_level,
    smoothing_window,
    batch_size,
):
    """Overlay the curves of the variants of one comparison, with their bands.

    Parameters
    ----------
    curves : pandas.DataFrame
        Of `descent.curves.curves`, of this metric only.
    accuracies : pandas.DataFrame
        Of `descent.evidence.final_accuracy`; the legend quotes mean and standard deviation.
    variants : list of str
        Those to overlay, in the order of the legend.
    metric : str
        `train_loss`, on a logarithmic axis, or `train_accuracy`, in percent, on an axis that is
        about logarithmic in the error.
    files : list of str
        To write; the ending says the format.
    confidence_level : float
        Of the bands, for the note below the axis.
    smoothing_window, batch_size : int
        For the note and the label of the axis.
    """
    set_style()
    height = 2.5 + 0.13 * len(variants)  # the legend stands above the axes: it hides no curve
    figure, axes = plt.subplots(figsize=(HALF_PAGE, height), layout="constrained")
    scale = 100 if metric == "train_accuracy" else 1
    final = accuracies.set_index("variant")
    colours = sns.color_palette("colorblind", len(variants))
    for index, variant in enumerate(variants):
        curve = _thin(curves[curves["variant"] == variant])
        axes.plot(
            curve["iteration"],
            scale * curve["mean"],
            color=colours[index],
            linestyle=_LINE_STYLES[index % len(_LINE_STYLES)],
            linewidth=0.9,
            label=f"{variant} ({_accuracy(final.loc[variant])})",
            zorder=3 + index,
        )
        axes.fill_between(
            curve["iteration"],
            scale * curve["lower"],
            scale * curve["upper"],
            color=colours[index],
            alpha=0.3,
            linewidth=0,
        )
    if metric == "train_loss":
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        # like the logarithm of the error: what happens between 90 and 100 % is what matters
        axes.set_yscale("function", functions=(_accuracy_scale, _inverse_accuracy_scale))
        bottom, top = max(axes.get_ylim()[0], 0), min(axes.get_ylim()[1], 100)
        candidates = _ACCURACY_TICKS if top > 80 else range(0, 81, 10)
        ticks = [tick for tick in candidates if bottom <= tick <= top]
        axes.set_yticks(ticks, labels=[f"{tick:g}" for tick in ticks])
        axes.set_ylim(bottom, top)
    axes.set_xlim(0, curves["iteration"].max())
    axes.set_xlabel(f"Iteration (mini-batches of {batch_size} images)")
    axes.set_ylabel(_LABELS[metric])
    figure.legend(
        title="variant (final test accuracy: mean $\\pm$ sd)",
        frameon=False,
        loc="outside upper center",
    )
    sns.despine(figure)
    figure.supxlabel(
        _note(curves["n_seeds"].iloc[0], confidence_level, smoothing_window), fontsize=6
    )
    save(figure, files)


def _accuracy_scale(percent):
    return -np.log10(np.clip(100.1 - percent, 0.01, None))


def _inverse_accuracy_scale(position):
    return 100.1 - 10.0 ** -np.asarray(position)


def _thin(curve):
    """Keep at most as many points as the figure can show, the first and the last among them."""
    chosen = np.linspace(0, len(curve) - 1, min(len(curve), _MAX_POINTS)).round().astype(int)
    return curve.iloc[chosen]


def _accuracy(row):
    spread = "" if row["n"] == 1 else f" $\\pm$ {100 * row['sd']:.2f}"
    return f"{100 * row['mean']:.2f}{spread} %"


def _note(n_seeds, confidence_level, smoothing_window):
    smoothing = (
        f"moving average of {smoothing_window} iterations" if smoothing_window > 1 else "unsmoothed"
    )
    if n_seeds == 1:
        return f"1 seed, hence no band; {smoothing}"
    return f"mean of {n_seeds} seeds, {100 * confidence_level:g} % t band (pointwise); {smoothing}"


def examples(images, labels, files, *, rows=4, columns=8):
    """Show the first images of a data set in a grid, each below its label.

    Parameters
    ----------
    images : numpy.ndarray
        (images, height, width), grey levels in any scale.
    labels : numpy.ndarray
        (images,).
    files : list of str
        To write; the ending says the format.
    rows, columns : int
        Of the grid.
    """
    set_style()
    figure, axes = plt.subplots(
        rows, columns, figsize=(HALF_PAGE, 0.58 * HALF_PAGE), layout="constrained"
    )
    for cell in axes.flat:
        cell.set_axis_off()
    for cell, image, label in zip(axes.flat, images, labels, strict=False):
        cell.imshow(image, cmap="gray")
        cell.set_title(label, pad=2)
    save(figure, files)
