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

# One panel below the other.
_AXES = {
    metric: {"xaxis": f"x{panel}", "yaxis": f"y{panel}"}
    for panel, metric in enumerate(TRAIN_METRICS, start=1)
}
_DASHES = ["solid", "dash", "dot", "dashdot"]
# No button that uploads the curves.
_CONTROLS = {"displaylogo": False, "modeBarButtonsToRemove": ["sendChartToCloud"]}
#: Windows that every seed's curve can be smoothed with, besides the configured one.
_WINDOWS = {1, 200}
_VALUE = "%{y:.4g}<extra></extra>"  # under the mouse pointer; "extra" would repeat the name
_LARGEST_LOSS = 20  # nats; a run beyond it is lost, and would leave no room for the others
_MAX_POINTS = 1000  # per curve: about the width of a screen in pixels
_MAX_VALUES = 600_000  # in all seeds' curves: 3.2 MB of the page, besides 4.8 MB of plotly.js


def windows(smoothing_window):
    """List the windows that the seeds' curves are smoothed with; 1 means unsmoothed."""
    return sorted(_WINDOWS | {smoothing_window})


def page(runs, curves, *, name, experiment, comparisons, settings):
    """Return the curves as one HTML page that needs no other file.

    Parameters
    ----------
    runs, curves, comparisons
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
    views = {"mean": f"{band}; {wording.smoothing(window)}"}
    views |= {str(width): f"every seed, {wording.smoothing(width)}" for width in windows(window)}
    plot = figure(runs, curves, comparisons, smoothing_window=window).to_html(
        full_html=False, div_id="curves", config=_CONTROLS
    )
    return render(
        "interactive.html.jinja",
        name=name,
        experiment=experiment,
        views=views,
        n_points=_MAX_POINTS,
        plot=plot,
    )


def figure(runs, curves, comparisons, *, smoothing_window):
    """Draw the loss above the accuracy: the means with their bands, and every seed.

    The `meta` of a trace names its view: `mean`, the only one visible at first, or the window that
    its seed's curve is smoothed with. A click on a variant in the legend hides all its curves. The
    curves are thinned to what a screen can show.

    Parameters
    ----------
    runs : dict
        Maps (variant, seed) to a DataFrame with the columns `descent.metrics.TRAIN_METRICS`, as
        returned by `descent.records.read_runs`. A curve ends before its first value that is not
        finite.
    curves : pandas.DataFrame
        Returned by `descent.analysis.curves.curves` for the same runs.
    comparisons : dict
        Maps each comparison to its variants.
    smoothing_window : int
        The window used for `curves`, in iterations.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    curves = curves[curves["seed"].isna()]  # every seed is drawn anyway
    n_iterations = curves["iteration"].max()
    n_curves = len(runs) * len(TRAIN_METRICS) * len(windows(smoothing_window))
    n_points = max(1, min(_MAX_POINTS, _MAX_VALUES // n_curves))
    stride = -(-n_iterations // n_points)
    colours = itertools.cycle(qualitative.T10)
    traces = []
    for members in comparisons.values():
        for variant, dash in zip(members, itertools.cycle(_DASHES), strict=False):
            line = {"color": next(colours), "dash": dash}
            mean = curves[curves["variant"] == variant]
            traces += _mean_traces(variant, mean, line, -(-n_iterations // _MAX_POINTS))
            seeds = {seed: run for (name, seed), run in runs.items() if name == variant}
            for window in windows(smoothing_window):
                traces += _seed_traces(variant, seeds, line, window, stride)
    return _lay_out(traces)


def _mean_traces(variant, mean, line, stride):
    """Draw a variant's mean and its band, which a single seed does not have."""
    for metric in TRAIN_METRICS:
        table = METRICS[metric].scale * mean[mean["metric"] == metric][["mean", "lower", "upper"]]
        common = {"meta": "mean", "legendgroup": variant, "name": variant}
        yield _trace(
            metric,
            table["mean"].to_numpy(),
            stride,
            line={**line, "width": 2},
            showlegend=metric == TRAIN_METRICS[0],
            hovertemplate=f"{variant}, mean: {_VALUE}",
            **common,
        )
        if table["lower"].isna().all():
            continue
        band = {"line": {"width": 0}, "showlegend": False, "hoverinfo": "skip", **common}
        yield _trace(metric, table["lower"].to_numpy(), stride, **band)
        fill = {"fill": "tonexty", "fillcolor": _translucent(line["color"])}
        yield _trace(metric, table["upper"].to_numpy(), stride, **fill, **band)


def _seed_traces(variant, seeds, line, window, stride):
    """Draw every seed of a variant, smoothed; hidden at first."""
    for seed, run in seeds.items():
        values = run[TRAIN_METRICS].to_numpy()
        finite = np.isfinite(values).all(axis=1)
        values = smooth(values if finite.all() else values[: finite.argmin()], window)
        for metric, column in zip(TRAIN_METRICS, values.T, strict=True):
            yield _trace(
                metric,
                METRICS[metric].scale * column,
                stride,
                meta=str(window),
                legendgroup=variant,
                name=variant,
                visible=False,
                line={**line, "width": 1},
                showlegend=metric == TRAIN_METRICS[0] and seed == next(iter(seeds)),
                hovertemplate=f"{variant}, seed {seed}, iteration %{{x}}: {_VALUE}",
            )


def _trace(metric, values, stride, **style):
    """Draw every `stride`-th value, including the last, without an array of iterations."""
    first = (len(values) - 1) % stride
    return go.Scatter(
        x0=first + 1,
        dx=stride,
        y=values[first::stride].astype(np.float32),
        mode="lines",
        **_AXES[metric],
        **style,
    )


def _translucent(colour):
    return f"rgba({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))}, 0.25)"


def _lay_out(traces):
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
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},
        margin={"l": 60, "r": 10, "t": 40, "b": 90},
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
