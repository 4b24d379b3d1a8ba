"""The overlaid curves of one comparison, over iterations or over epochs."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from descent.metrics import METRICS
from descent.reporting import wording
from descent.reporting.figures.style import (
    HALF_PAGE,
    add_legend,
    add_note,
    looks,
    save,
    scale_accuracy,
    scale_loss,
    set_style,
    sparse_markers,
)

_MAX_POINTS = 1000  # about the width of the figure in pixels
_MAX_LOSS = 20  # nats; the losses just before a run diverges would leave no room for the others
_BAND_ROOM = 3  # times the highest or the lowest loss; a wider band is cut off
_MAX_MARKED = 30  # epochs; more markers would run together
_MAX_UNMARKED = 5  # variants; more of them are also told apart by markers
_MAX_DARK = 4  # variants; the bands of more of them are lighter


def overlay(
    curves,
    accuracies,
    variants,
    metric,
    files,
    *,
    band,
    confidence_level,
    experiment,
    smoothing_window=1,
    batch_size=None,
):
    """Overlay the curves of the variants of one comparison, with their bands.

    A variant's line ends where one of its seeds diverges. A cross marks the place, and thin lines
    show the seeds from there on. If every run diverges, there are no bands.

    Parameters
    ----------
    curves : pandas.DataFrame
        Returned by `descent.analysis.curves.curves`, this metric only. If there are few epochs,
        each has a marker, and so has a single iteration.
    accuracies : pandas.DataFrame
        Returned by `descent.analysis.summaries.final_accuracy`; the legend has mean and standard
        deviation.
    variants : list of str
        Those to overlay, in the order of the legend.
    metric : str
        Column of `descent.metrics.METRICS`. A share is drawn in percent, on an axis that is roughly
        logarithmic in the error; anything else on a logarithmic axis.
    files : list of str
        Files to write; the suffix determines the format.
    band : str
        Key of `descent.analysis.bands.KINDS`, for the note below the axis.
    confidence_level : float
        The level of the bands, for the note.
    experiment : str
        What was run, for the note.
    smoothing_window : int
        For the note.
    batch_size : int, optional
        Images in a mini-batch, for the label of an axis of iterations.
    """
    set_style()
    figure, axes = plt.subplots(figsize=(HALF_PAGE, 2.05), layout="constrained")
    over = "epoch" if "epoch" in curves else "iteration"
    if METRICS[metric].is_share:
        curves = curves.assign(**100 * curves[["mean", "lower", "upper"]])
    curves = curves[curves["variant"].isin(variants)].rename(columns={over: "step"})
    over_seeds, seeds = curves[curves["seed"].isna()], curves[curves["seed"].notna()]
    diverged = seeds[seeds["mean"].isna()]  # one row per diverged run
    n_seeds = over_seeds["n_seeds"].iloc[0]
    last = curves["step"].max()
    marked = over == "epoch" and last <= _MAX_MARKED
    many = len(variants) > _MAX_UNMARKED
    all_diverged = len(diverged) == len(variants) * n_seeds
    final = accuracies.set_index("variant")
    styles = dict(zip(variants, looks(len(variants)), strict=True))
    if not METRICS[metric].is_share:
        _scale_loss(axes, curves, cut=len(diverged) > 0 and not all_diverged)
    opacity = 0.3 * min(1, _MAX_DARK / len(variants))
    handles = []
    for index, (variant, style) in enumerate(styles.items()):
        curve = _thin(over_seeds[over_seeds["variant"] == variant].dropna(subset="mean"))
        look = style | {"markersize": 2.5, "markeredgewidth": 0, "zorder": 3 + index}
        if not marked:
            look["markevery"] = sparse_markers(curve)
            look["marker"] = style["marker"] if many or len(curve) == 1 else "None"
        label = _label(final.loc[variant], n_seeds, (diverged["variant"] == variant).sum())
        handles += axes.plot(curve["step"], curve["mean"], **look, linewidth=0.9, label=label)
        if not all_diverged:  # of a line beyond the axis, a band would be a mere block
            inside = METRICS[metric].is_share | (curve["mean"] <= axes.get_ylim()[1])
            band_look = {"color": style["color"], "alpha": opacity}
            band_look["linewidth"] = 2 if len(curve) == 1 else 0
            bounds = curve["lower"], curve["upper"]
            axes.fill_between(curve["step"], *bounds, where=inside, **band_look)
        for _, run in seeds[seeds["variant"] == variant].groupby("seed"):
            run = _thin(run.dropna(subset="mean"))
            thin = style | {"marker": "o" if len(run) == 1 else "None", "markersize": 1}
            axes.plot(run["step"], run["mean"], **thin, linewidth=0.4, zorder=2)
    if METRICS[metric].is_share:
        scale_accuracy(axes)
    end = last if curves["step"].nunique() > 1 else last + 1
    room = 0.02 * end if marked else 0  # for the halves of markers beyond the axis
    axes.set_xlim(-room, end + room)
    axes.xaxis.get_major_locator().set_params(integer=True)
    _mark(axes, seeds, diverged, styles, metric)
    if curves["mean"].isna().all():
        sentence = "No curve: every run diverged\nin its first iteration."
        axes.text(0.5, 0.5, sentence, transform=axes.transAxes, ha="center", va="center")
    of_iterations = f"Iteration (mini-batches of {batch_size} images)"
    axes.set_xlabel("Epoch" if over == "epoch" else of_iterations)
    axes.set_ylabel(METRICS[metric].heading)
    runs = " of completed runs" if len(diverged) else ""
    title = f"variant (final test accuracy{runs}: mean ± sd)"
    add_legend(figure, handles, rows=6, title=title)
    note = [
        f"{experiment}; {wording.smoothing(smoothing_window, last)}",
        wording.band(band, confidence_level, n_seeds),
    ]
    if all_diverged:
        note[1] = f"mean of {wording.count(n_seeds, 'seed')}; every run diverged, hence no band"
    if len(diverged):
        note.append("cross: a run diverged; thin lines: the variant's seeds from there on")
    add_note(figure, *note)
    save(figure, files)


def _scale_loss(axes, curves, *, cut):
    """Scale and limit the vertical axis so that bands, and runs that diverged, leave room."""
    lines = curves["mean"][curves["mean"] > 0]
    if lines.empty:  # crosses alone: the losses of these runs were never finite
        lines = pd.Series([0.1, 10])
    bottom = max(curves["lower"].min(), lines.min() / _BAND_ROOM)
    top = min(curves["upper"].max(), lines.max() * _BAND_ROOM)
    bottom, top = np.nanmin([bottom, lines.min()]), np.nanmax([top, lines.max()])
    if cut:
        top = min(top, max(_MAX_LOSS, 10 * bottom))
    axes.set_ylim(bottom / 1.1, 1.1 * top)
    scale_loss(axes)


def _mark(axes, seeds, diverged, styles, metric):
    """Put a cross at the last finite value of each diverged run, or at the edge if it is beyond."""
    bottom, top = axes.get_ylim()
    worst = bottom if METRICS[metric].is_share else top
    for row in diverged.itertuples():
        run = seeds[(seeds["variant"] == row.variant) & (seeds["seed"] == row.seed)]
        last = run["mean"].dropna().tail(1).max()
        height = worst if np.isnan(last) else np.clip(last, bottom, top)
        style = {"color": styles[row.variant]["color"], "markersize": 5, "markeredgewidth": 1.2}
        axes.plot(row.step, height, "x", **style, scaley=False, clip_on=False, zorder=20)


def _thin(curve):
    """Keep at most as many points as the figure can show, including the first and the last."""
    chosen = np.linspace(0, len(curve) - 1, min(len(curve), _MAX_POINTS)).round().astype(int)
    return curve.iloc[chosen]


def _label(row, n_seeds, n_diverged):
    """Name a variant with its final accuracy, which is NaN if no run completed."""
    spread = "" if np.isnan(row["sd"]) else f" ± {100 * row['sd']:.2f}"
    facts = [] if np.isnan(row["mean"]) else [f"{100 * row['mean']:.2f}{spread} %"]
    if n_diverged:
        facts.append(f"{n_diverged} of {n_seeds} diverged")
    return f"{row.name} ({'; '.join(facts)})"
