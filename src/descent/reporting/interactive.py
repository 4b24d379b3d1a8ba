"""Interactive curves: a page to choose what is drawn, and to read every value."""

import base64

import numpy as np
from matplotlib.colors import to_hex
from plotly.offline import get_plotlyjs

from descent.analysis.curves import ended, over_seeds, smooth, together
from descent.metrics import METRICS, TRAIN_METRICS
from descent.reporting import wording
from descent.reporting.figures.style import ACCURACY_TICKS, dashes, looks
from descent.reporting.rendering import render

#: Windows that the curves can be smoothed with, besides the configured one.
_WINDOWS = (1, 10, 200)
_MAX_POINTS = 1000  # per line: about the width of a screen in pixels
_MAX_VALUES = 400_000  # in all means and bands, and in all seeds: twice 2.1 MB; plotly.js is 4.8 MB
_SYMBOLS = {"o": "circle", "s": "square", "D": "diamond", "^": "triangle-up", "v": "triangle-down"}


def windows(smoothing_window, length):
    """List the windows that the curves are smoothed with; 1 means unsmoothed.

    Of those that are longer than the curves, there is only one.
    """
    different = {}
    for window in (smoothing_window, *_WINDOWS):
        different.setdefault(min(window, length), window)
    return sorted(different.values())


def page(runs, runs_of_epochs, *, name, experiment, comparisons, epochs, settings):
    """Return the curves as one HTML page that needs no other file.

    Parameters
    ----------
    runs, runs_of_epochs, comparisons, epochs, settings
        See `contents`.
    name, experiment : str
        The experiment's name, and what was run.

    Returns
    -------
    str
    """
    return render(
        "interactive.html.jinja",
        name=name,
        experiment=experiment,
        data=contents(
            runs, runs_of_epochs, comparisons=comparisons, epochs=epochs, settings=settings
        ),
        plotly=get_plotlyjs(),
    )


def contents(runs, runs_of_epochs, *, comparisons, epochs, settings):
    """Collect what the page's program, `templates/interactive.js`, draws.

    Parameters
    ----------
    runs, runs_of_epochs : dict
        Map (variant, seed) to a DataFrame, as returned by `descent.records.read_runs`: per
        iteration, with the columns `descent.metrics.TRAIN_METRICS` and `epoch`; and per epoch, from
        the untrained network on, with metrics of the test images. A run that is shorter than
        others, or has a value that is not finite, has diverged.
    comparisons : dict
        Maps each comparison to its variants, in the order of the configuration.
    epochs : int
        Of a run that is complete.
    settings : dict
        The section `curves` of the configuration.

    Returns
    -------
    dict
        To be written as JSON; lines are in base64, see `_packed`.
    """
    longest = per_epoch = 0
    for run in runs.values():  # once, because each may be read from its file now
        longest, per_epoch = max(longest, len(run)), max(per_epoch, int((run["epoch"] == 1).sum()))
    if max(map(len, runs_of_epochs.values())) == 1:  # the untrained network
        per_epoch = None  # no run completed an epoch
    n_iterations = epochs * per_epoch if per_epoch else longest + 1
    n_seeds = len({seed for _, seed in runs})
    band = {key: settings[key] for key in ("band", "confidence_level")}
    test_metrics = list(next(iter(runs_of_epochs.values())).columns)
    widths = windows(settings["smoothing_window"], longest)
    return {
        "comparisons": {name: _looks(variants) for name, variants in comparisons.items()},
        "iterations_per_epoch": per_epoch,
        "accuracy_ticks": ACCURACY_TICKS,
        "band": wording.band(band["band"], band["confidence_level"], n_seeds),
        "n_seeds": n_seeds,
        "smoothing": widths.index(settings["smoothing_window"]),
        "images": {
            "train": _images(runs, TRAIN_METRICS, widths, n_iterations, band, "iteration"),
            "test": _images(runs_of_epochs, test_metrics, [1], 1 + epochs, band, "epoch"),
        },
    }


def _looks(variants):
    """List variants with their colors, dashes in pixels and markers, those of the figures."""
    return [
        {
            "variant": variant,
            "color": to_hex(look["color"]),
            "dash": dashes(look["linestyle"], 2),
            "symbol": _SYMBOLS[look["marker"]],
        }
        for variant, look in zip(variants, looks(len(variants)), strict=True)
    ]


def _images(runs, columns, widths, length, band, over):
    """Collect the curves on training or on test images, smoothed with each window."""
    first = 1 if over == "iteration" else 0  # epoch 0 is the untrained network
    variants = list(dict.fromkeys(variant for variant, _ in runs))
    stride, seed_stride = (
        -(-length // max(1, min(_MAX_POINTS, _MAX_VALUES // n_lines)))
        for n_lines in (
            3 * len(variants) * len(columns) * len(widths),
            len(runs) * len(columns) * len(widths),
        )
    )
    found, diverged = {}, {}
    for variant in variants:  # one after the other, because thousands of runs fill the memory
        members = ended(runs, variant, length)
        ends = {seed: len(run) - run[columns[0]].isna().sum() for seed, run in members.items()}
        found[variant] = [[] for _ in columns]
        for lines, column in zip(found[variant], columns, strict=True):
            values, scale = together(members, column), METRICS[column].scale
            for width in widths:
                smoothed = smooth(values, width)
                seeds = {
                    seed: _line(smoothed[:end, place], scale, first, seed_stride)
                    for place, (seed, end) in enumerate(ends.items())
                }
                lines.append(_means(smoothed, scale, band, length, stride) | {"seeds": seeds})
        if early := {s: int(first + end) for s, end in ends.items() if end < len(members[s])}:
            diverged[variant] = early
    return {
        "over": over,
        "panels": [
            {"heading": METRICS[column].heading, "is_share": METRICS[column].is_share}
            for column in columns
        ],
        "windows": [wording.smoothing(width, length) for width in widths],
        "stride": stride,
        "seed_stride": seed_stride,
        "x0": first + (length - 1) % stride,
        "n": -(-length // stride),
        "last": first + length - 1,
        "diverged": diverged,
        "curves": found,
    }


def _means(smoothed, scale, band, length, stride):
    """Pack a mean and its band, which a single seed does not have; NaN once a seed diverged."""
    table = over_seeds(smoothed, band["band"], band["confidence_level"]).reindex(range(length))
    thin = scale * table[(length - 1) % stride :: stride]
    bounds = [] if thin["lower"].isna().all() else ["lower", "upper"]
    return {name: _packed(thin[name]) for name in ["mean", *bounds]}


def _line(values, scale, first, stride):
    """Pack the values of a seed, up to the last one before it diverged."""
    start = (len(values) - 1) % stride
    return {"x0": first + start, "y": _packed(scale * values[start::stride])}


def _packed(values):
    """Write numbers as base64 of their little-endian float32."""
    return base64.b64encode(np.asarray(values, dtype="<f4").tobytes()).decode()
