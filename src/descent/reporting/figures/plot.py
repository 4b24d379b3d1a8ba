"""`descent.plot`: the overlay of curves that a notebook or a script has in lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np

from descent.analysis.bands import band
from descent.analysis.curves import smooth
from descent.errors import UsageError
from descent.reporting import wording
from descent.reporting.figures.style import (
    HALF_PAGE,
    add_legend,
    add_note,
    looks,
    scale_loss,
    set_style,
    sparse_markers,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LEVEL = 0.95
_MAX_UNMARKED = 5  # curves; more of them are also told apart by markers


def plot(
    curves: Mapping[str, Iterable[Any]],
    *,
    window: int | None = None,
    label: str = "train loss",
    log: bool | None = None,
) -> Figure:
    """Overlay curves over iterations, smoothed, and with bands where there are several seeds.

    Parameters
    ----------
    curves : dict
        Maps the name of each curve to its values, one per iteration; or to a list of such lists of
        one length, one per seed. Values are numbers, or tensors and arrays of one number. A curve
        ends before its first value that is not finite.
    window : int, optional
        Iterations over which a centered moving average smooths each seed, 1: not at all; by
        default a fortieth of the longest curve.
    label : str
        Of the vertical axis.
    log : bool, optional
        Whether that axis is logarithmic; by default if `label` has the word "loss" and all values
        are above 0.

    Returns
    -------
    matplotlib.figure.Figure
        With a line for each curve, the mean over seeds, and its pointwise Student-t band at 95 %.
        Bands need scipy, from the extras `notebook` and `workflow`.

    Raises
    ------
    UsageError
        If something is no curve, or the seeds of a curve differ in length.

    Examples
    --------
    >>> import descent
    >>> figure = descent.plot({"mine": [2.3, 1.2, 0.8], "torch": [2.3, 1.2, 0.7]})
    >>> figure.savefig("train_loss.png")
    """
    if not isinstance(curves, Mapping) or not curves:
        raise UsageError('plot: give curves by name, such as {"mine": losses, "torch": others}')
    if window is not None and (type(window) is not int or window < 1):
        raise UsageError(f"plot: window must be a whole number from 1 on, not {window!r}")
    values = {str(name): _seeds(name, given) for name, given in curves.items()}
    longest = max(map(len, values.values()))
    window = window or max(1, round(longest / 40))
    smoothed = {name: smooth(_until_it_diverges(each), window) for name, each in values.items()}
    set_style()
    figure, axes = plt.subplots(figsize=(1.3 * HALF_PAGE, 2.5), layout="constrained")
    many = len(smoothed) > _MAX_UNMARKED
    for (name, each), look in zip(smoothed.items(), looks(len(smoothed)), strict=True):
        each = each[np.isfinite(each).all(axis=1)]
        iterations = np.arange(1, len(each) + 1)
        marker = look["marker"] if many or len(each) == 1 else "None"
        style = look | {"marker": marker, "markersize": 2.5, "markevery": sparse_markers(each)}
        axes.plot(iterations, each.mean(axis=1), **style, linewidth=0.9, label=name)
        if each.shape[1] > 1:
            bounds, opacity = band(each, "t", _LEVEL), 0.1 if many else 0.3
            axes.fill_between(iterations, *bounds, color=look["color"], alpha=opacity, linewidth=0)
    if log is None:
        shown = np.concatenate([each[np.isfinite(each)] for each in smoothed.values()])
        log = "loss" in label.lower() and bool((shown > 0).all())
    if not any(np.isfinite(each[0]).all() for each in smoothed.values()):
        sentence = "No curve: every first value is not finite."
        axes.text(0.5, 0.5, sentence, transform=axes.transAxes, ha="center", va="center")
    if log:
        scale_loss(axes)
    axes.set_xlim(0, longest if longest > 1 else 2)
    axes.set_xlabel("Iteration")
    axes.set_ylabel(label[:1].upper() + label[1:])
    axes.locator_params(axis="x", integer=True)
    add_legend(figure, axes.lines, rows=6)
    add_note(figure, _note(window, longest, values))
    plt.close(figure)  # so that a notebook shows it once, as the value of the cell
    return figure


def _seeds(name, given):
    """Read one curve, or one per seed, as (iterations, seeds)."""
    try:
        rows = list(given)
        nested = bool(rows) and np.ndim(rows[0]) > 0
        seeds = [[_number(value) for value in row] for row in (rows if nested else [rows])]
    except (TypeError, ValueError, RuntimeError):  # RuntimeError: a tensor of several numbers
        raise UsageError(f"plot: {name}: must be numbers, or a list of numbers per seed") from None
    lengths = {len(seed) for seed in seeds}
    if len(lengths) > 1:
        found = " and ".join(map(str, sorted(lengths)))
        raise UsageError(f"plot: {name}: its seeds have different lengths: {found} iterations")
    if lengths == {0} or not seeds:
        raise UsageError(f"plot: {name}: is empty")
    return np.array(seeds).T


def _until_it_diverges(values):
    """Replace what follows the first value that is not finite by NaN, seed by seed."""
    return np.where(np.isfinite(values).cumprod(axis=0).astype(bool), values, np.nan)


def _number(value):
    return float(value.detach() if hasattr(value, "detach") else value)


def _note(window, longest, values):
    seeds = {each.shape[1] for each in values.values()} - {1}
    parts = [wording.smoothing(window, longest)]
    if seeds:
        counts = " or ".join(wording.count(number, "seed") for number in sorted(seeds))
        parts.append(wording.band("t", _LEVEL, max(seeds)) if len(seeds) == 1 else counts)
    return "; ".join(parts)
