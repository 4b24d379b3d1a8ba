"""The interactive curves: what is drawn, and how large the page is."""

import numpy as np
import pandas as pd
import pytest

from descent.analysis.curves import curves, smooth
from descent.reporting import interactive

COMPARISONS = {"one": ["a", "b"], "two": ["c", "d"]}
SETTINGS = {"band": "t", "confidence_level": 0.95, "smoothing_window": 50}


def simulate(n_seeds, n_iterations):
    random = np.random.default_rng(0)
    return {
        (variant, seed): pd.DataFrame(
            random.gamma(25, 1 / 25, (n_iterations, 2)).astype(np.float32),
            columns=["train_loss", "train_accuracy"],
        )
        for variant in "abcd"
        for seed in range(n_seeds)
    }


def draw(runs, window=50):
    means = curves(runs, smoothing_window=window, band="t", confidence_level=0.95)
    return interactive.figure(runs, means, COMPARISONS, smoothing_window=window)


def select(figure, **wanted):
    return [trace for trace in figure.data if all(trace[key] == wanted[key] for key in wanted)]


def test_every_seed_at_every_smoothing_is_drawn_but_only_means_are_visible():
    runs = simulate(n_seeds=3, n_iterations=400)
    figure = draw(runs)
    assert {trace.meta for trace in figure.data} == {"mean", "1", "50", "200"}
    for view in ("1", "50", "200"):
        assert len(select(figure, meta=view)) == 4 * 3 * 2
        assert not any(trace.visible for trace in select(figure, meta=view))
    assert len(select(figure, meta="mean")) == 4 * 2 * 3  # line, lower and upper
    for view in ("mean", "1", "50", "200"):
        listed = [trace.name for trace in select(figure, meta=view, showlegend=True)]
        assert listed == ["a", "b", "c", "d"]


@pytest.mark.parametrize("n_iterations", [400, 2345])
def test_the_values_are_those_of_the_smoothed_run(n_iterations):
    runs = simulate(n_seeds=2, n_iterations=n_iterations)
    _, trace = select(draw(runs), meta="50", legendgroup="b", yaxis="y2")
    iteration = trace.x0 + trace.dx * np.arange(len(trace.y))
    assert iteration[0] <= trace.dx and iteration[-1] == n_iterations
    assert len(trace.y) <= 1000
    expected = 100 * smooth(runs["b", 1][["train_accuracy"]].to_numpy(), 50)[iteration - 1, 0]
    np.testing.assert_allclose(trace.y, expected, rtol=1e-6)


def test_a_curve_ends_where_its_run_diverges():
    runs = simulate(n_seeds=2, n_iterations=400)
    short = runs["a", 1].iloc[:40].copy()
    short.loc[39, "train_loss"] = np.inf
    means = curves(runs, smoothing_window=50, band="t", confidence_level=0.95)
    figure = interactive.figure(runs | {("a", 1): short}, means, COMPARISONS, smoothing_window=50)
    for view in ("1", "50"):
        whole, ended = select(figure, meta=view, legendgroup="a", yaxis="y")
        assert len(whole.y) == 400 and len(ended.y) == 39
        assert np.isfinite(ended.y).all()


def test_a_run_that_diverges_at_once_draws_nothing():
    runs = simulate(n_seeds=2, n_iterations=400)
    means = curves(runs, smoothing_window=50, band="t", confidence_level=0.95)
    runs["a", 1] = runs["a", 1].iloc[:1] * np.inf
    figure = interactive.figure(runs, means, COMPARISONS, smoothing_window=50)
    assert len(select(figure, meta="1", legendgroup="a", yaxis="y")[1].y) == 0


def test_one_seed_has_no_band():
    runs = simulate(n_seeds=1, n_iterations=100)
    figure = draw(runs, window=1)
    assert len(select(figure, meta="mean")) == 4 * 2
    assert {trace.meta for trace in figure.data} == {"mean", "1", "200"}


def test_the_page_of_100_seeds_is_below_10_megabytes():
    runs = simulate(n_seeds=100, n_iterations=1000)  # enough for all points of every curve
    means = curves(
        {run: runs[run] for run in runs if run[1] < 5},
        smoothing_window=50,
        band="t",
        confidence_level=0.95,
    )
    page = interactive.page(
        runs, means, name="large", experiment="", comparisons=COMPARISONS, settings=SETTINGS
    )
    assert len(page.encode()) < 10_000_000
    assert "http-equiv" in page and "<script src" not in page
