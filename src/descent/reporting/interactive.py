"""Interactive curves: hover, zoom, and switch variants, seeds and smoothing."""

import itertools

import numpy as np
import plotly.graph_objects as go
from plotly.colors import qualitative
from plotly.subplots import make_subplots

from descent.analysis.curves import smooth
from descent.metrics import METRICS, TRAIN_METRICS
from descent.reporting import wording
from descent.reporting.rendering import render

# One panel below the other: a metric of training and that of the test images share one.
_PANELS = {metric: panel for panel, metric in enumerate(TRAIN_METRICS, start=1)}
_TESTED = {metric.replace("train_", "test_", 1): panel for metric, panel in _PANELS.items()}
_TESTED = {metric: panel for metric, panel in _TESTED.items() if metric in METRICS}
_COLOURS = qualitative.T10
_DASHES = ["solid", "dash", "dot", "dashdot", "longdash"]
# No button that uploads the curves.
_CONTROLS = {"displaylogo": False, "modeBarButtonsToRemove": ["sendChartToCloud"]}
#: Windows that every seed's curve can be smoothed with, besides the configured one.
_WINDOWS = {1, 200}
_VALUE = "%{y:.4g}<extra></extra>"  # under the mouse pointer; "extra" would repeat the name
_BAND_ROOM = 3  # times the lowest loss; a wider band is cut off
_MAX_DARK = 4  # variants; the bands of more of them are lighter
_ROW = {"height": 29, "width": 1000}  # of the legend, in pixels; an entry takes 50, a letter 7
_MAX_ROWS = 4  # that have room; more of them scroll
_LARGEST_LOSS = 20  # nats; a run beyond it is lost, and would leave no room for the others
_MAX_POINTS = 1000  # per curve: about the width of a screen in pixels
_MAX_VALUES = 600_000  # in all seeds' curves: 3.2 MB of the page, besides 4.8 MB of plotly.js


def windows(smoothing_window, length):
    """List the windows that the seeds' curves are smoothed with; 1 means unsmoothed.

    Of those that are longer than the curves, there is only one.
    """
    different = {}
    for window in (smoothing_window, *sorted(_WINDOWS)):
        different.setdefault(min(window, length), window)
    return sorted(different.values())


def page(runs, curves, curves_of_epochs, *, name, experiment, comparisons, settings):
    """Return the curves as one HTML page that needs no other file.

    Parameters
    ----------
    runs, curves, curves_of_epochs, comparisons
        See `figure`.
    name, experiment : str
        The experiment's name, and what was run.
    settings : dict
        The section `curves` of the configuration.

    Returns
    -------
    str
    """
    window, n_seeds = settings["smoothing_window"], curves["n_seeds"].max()
    band = wording.band(settings["band"], settings["confidence_level"], n_seeds)
    length = curves["iteration"].max()
    views = {"mean": f"training: {band}; {wording.smoothing(window, length)}"}
    views |= {
        str(width): f"training: every seed, {wording.smoothing(width, length)}"
        for width in windows(window, length)
    }
    views["test"] = f"test images after every epoch: {band}"
    drawn = figure(runs, curves, curves_of_epochs, comparisons, smoothing_window=window)
    plot = drawn.to_html(full_html=False, div_id="curves", config=_CONTROLS)
    return render(
        "interactive.html.jinja",
        name=name,
        experiment=experiment,
        views=views,
        titles={"train": _titles(_PANELS, "Iteration"), "test": _titles(_TESTED, "Epoch")},
        n_points=_MAX_POINTS,
        plot=plot,
    )


def figure(runs, curves, curves_of_epochs, comparisons, *, smoothing_window):
    """Draw the loss above the accuracy: the means with their bands, and every seed.

    The `meta` of a trace names its view: `mean`, the only one visible at first, the window that
    its seed's curve is smoothed with, or `test`, the means over epochs. A click on a variant in the
    legend hides all its curves. The curves are thinned to what a screen can show.

    Parameters
    ----------
    runs : dict
        Maps (variant, seed) to a DataFrame with the columns `descent.metrics.TRAIN_METRICS`, as
        returned by `descent.records.read_runs`. A curve ends before its first value that is not
        finite.
    curves, curves_of_epochs : pandas.DataFrame
        Returned by `descent.analysis.curves.curves` for the same runs, over iterations and over
        epochs.
    comparisons : dict
        Maps each comparison to its variants.
    smoothing_window : int
        The window used for `curves`, in iterations.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    n_iterations = curves["iteration"].max()
    widths = windows(smoothing_window, n_iterations)
    n_curves = len(runs) * len(TRAIN_METRICS) * len(widths)
    n_points = max(1, min(_MAX_POINTS, _MAX_VALUES // n_curves))
    stride = -(-n_iterations // n_points)
    variants = list(itertools.chain.from_iterable(comparisons.values()))
    opacity = 0.25 * min(1, _MAX_DARK / len(variants))
    traces = []
    for index, variant in enumerate(variants):
        dash = _DASHES[(index + 2 * (index // 5)) % 5]  # the first 50 variants differ
        line = {"color": _COLOURS[index % len(_COLOURS)], "dash": dash}
        traces += _mean_traces("mean", variant, curves, line, opacity)
        seeds = {seed: run for (name, seed), run in runs.items() if name == variant}
        for window in widths:
            traces += _seed_traces(variant, seeds, line, window, stride)
        traces += _mean_traces("test", variant, curves_of_epochs, line, opacity)
    return _lay_out(traces, variants)


def _mean_traces(view, variant, curves, line, opacity):
    """Draw a variant's mean and its band, which a single seed does not have."""
    curves = curves[(curves["variant"] == variant) & curves["seed"].isna()]
    for metric, panel in (_TESTED if view == "test" else _PANELS).items():
        table = (
            METRICS[metric].scale * curves[curves["metric"] == metric][["mean", "lower", "upper"]]
        )
        if not METRICS[metric].is_share:
            table = table.clip(lower=table["mean"].min() / _BAND_ROOM)
        stride = -(-len(table) // _MAX_POINTS)
        common = {"meta": view, "legendgroup": variant, "name": variant, "visible": view == "mean"}
        common |= {"start": 0 if view == "test" else 1, "stride": stride}
        yield _trace(
            panel,
            table["mean"].to_numpy(),
            line={**line, "width": 2},
            showlegend=panel == 1,
            hovertemplate=f"{variant}, mean: {_VALUE}",
            **common,
        )
        if table["lower"].isna().all() or len(table) == 1:
            continue
        band = {"line": {"width": 0}, "showlegend": False, "hoverinfo": "skip", **common}
        yield _trace(panel, table["lower"].to_numpy(), **band)
        fill = {"fill": "tonexty", "fillcolor": _translucent(line["color"], opacity)}
        yield _trace(panel, table["upper"].to_numpy(), **fill, **band)


def _seed_traces(variant, seeds, line, window, stride):
    """Draw every seed of a variant, smoothed; hidden at first."""
    for seed, run in seeds.items():
        values = run[TRAIN_METRICS].to_numpy()
        finite = np.isfinite(values).all(axis=1)
        values = smooth(values if finite.all() else values[: finite.argmin()], window)
        for metric, column in zip(TRAIN_METRICS, values.T, strict=True):
            yield _trace(
                _PANELS[metric],
                METRICS[metric].scale * column,
                start=1,
                stride=stride,
                meta=str(window),
                legendgroup=variant,
                name=variant,
                visible=False,
                line={**line, "width": 1},
                showlegend=metric == TRAIN_METRICS[0] and seed == next(iter(seeds)),
                hovertemplate=f"{variant}, seed {seed}, iteration %{{x}}: {_VALUE}",
            )


def _trace(panel, values, *, start, stride, **style):
    """Draw every `stride`-th value, including the last, without an array of positions."""
    first = (len(values) - 1) % stride
    return go.Scatter(
        x0=first + start,
        dx=stride,
        y=values[first::stride].astype(np.float32),
        mode="lines" if len(values) > 1 else "markers",
        xaxis=f"x{panel}",
        yaxis=f"y{panel}",
        **style,
    )


def _translucent(colour, opacity):
    return f"rgba({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))}, {opacity:.3g})"


def _titles(panels, over):
    """Map the titles of a view's axes, by plotly's names, to their texts."""
    titles = {f"yaxis{panel}": METRICS[name].heading for name, panel in panels.items()}
    titles |= {f"xaxis{len(_PANELS)}": over}
    return {f"{axis.removesuffix('1')}.title.text": text for axis, text in titles.items()}


def _lay_out(traces, variants):
    width = sum(50 + 7 * len(variant) for variant in variants)
    legend = _ROW["height"] * min(_MAX_ROWS, -(-width // _ROW["width"]))
    figure = make_subplots(
        rows=len(TRAIN_METRICS), cols=1, shared_xaxes=True, vertical_spacing=0.05
    )
    figure.add_traces(traces)
    figure.update_layout(
        template="none",
        hovermode="x",
        hoverdistance=100,  # pixels: short runs have few points
        paper_bgcolor="rgba(0, 0, 0, 0)",  # that of the page, light or dark
        plot_bgcolor="rgba(0, 0, 0, 0)",
        modebar={"bgcolor": "rgba(0, 0, 0, 0)", "color": "gray", "activecolor": "royalblue"},
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"}
        | {"maxheight": legend},
        margin={"l": 60, "r": 10, "t": 40, "b": 61 + legend},
    )
    for row, metric in enumerate(TRAIN_METRICS, start=1):
        figure.update_yaxes(title_text=METRICS[metric].heading, row=row)
        if not METRICS[metric].is_share:
            figure.update_yaxes(
                type="log",
                tickformat="~g",
                dtick="D2",  # labels at 1, 2 and 5
                autorangeoptions={"clipmax": _LARGEST_LOSS},
                row=row,
            )
    figure.update_xaxes(title_text="Iteration", row=len(TRAIN_METRICS))
    return figure
