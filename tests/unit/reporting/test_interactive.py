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


def over_epochs(variants="abcd", n_epochs=3):
    """Curves of three seeds, of which each ends at its own accuracy."""
    runs = {
        (variant, seed): pd.DataFrame({"test_loss": 2 - share, "test_accuracy": share})
        for place, variant in enumerate(variants)
        for seed in range(3)
        for share in [np.linspace(0.1, 0.5 + 0.1 * (place % 4) + 0.02 * seed, n_epochs + 1)]
    }
    return curves(runs, smoothing_window=1, band="t", confidence_level=0.95, over="epoch")


def draw(runs, window=50):
    means = curves(runs, smoothing_window=window, band="t", confidence_level=0.95)
    return interactive.figure(runs, means, over_epochs(), COMPARISONS, smoothing_window=window)


def select(figure, **wanted):
    return [trace for trace in figure.data if all(trace[key] == wanted[key] for key in wanted)]


def test_every_seed_at_every_smoothing_is_drawn_but_only_means_are_visible():
    runs = simulate(n_seeds=3, n_iterations=400)
    figure = draw(runs)
    assert {trace.meta for trace in figure.data} == {"mean", "1", "50", "200", "test"}
    for view in ("1", "50", "200"):
        assert len(select(figure, meta=view)) == 4 * 3 * 2
        assert not any(trace.visible for trace in select(figure, meta=view))
    assert len(select(figure, meta="mean")) == 4 * 2 * 3  # line, lower and upper
    for view in ("mean", "1", "50", "200", "test"):
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
    figure = interactive.figure(
        runs | {("a", 1): short}, means, over_epochs(), COMPARISONS, smoothing_window=50
    )
    for view in ("1", "50"):
        whole, ended = select(figure, meta=view, legendgroup="a", yaxis="y")
        assert len(whole.y) == 400 and len(ended.y) == 39
        assert np.isfinite(ended.y).all()


def test_a_run_that_diverges_at_once_draws_nothing():
    runs = simulate(n_seeds=2, n_iterations=400)
    means = curves(runs, smoothing_window=50, band="t", confidence_level=0.95)
    runs["a", 1] = runs["a", 1].iloc[:1] * np.inf
    figure = interactive.figure(runs, means, over_epochs(), COMPARISONS, smoothing_window=50)
    assert len(select(figure, meta="1", legendgroup="a", yaxis="y")[1].y) == 0


def test_one_seed_has_no_band():
    runs = simulate(n_seeds=1, n_iterations=100)
    figure = draw(runs, window=1)
    assert len(select(figure, meta="mean")) == 4 * 2
    assert {trace.meta for trace in figure.data} == {"mean", "1", "200", "test"}


def test_the_test_curves_are_drawn_over_epochs_and_hidden_at_first():
    figure = draw(simulate(n_seeds=2, n_iterations=100))
    assert len(select(figure, meta="test")) == 4 * 2 * 3  # line, lower and upper
    assert not any(trace.visible for trace in select(figure, meta="test"))
    line, lower, upper = select(figure, meta="test", legendgroup="b", yaxis="y2")
    for trace in (line, lower, upper):
        assert list(trace.x0 + trace.dx * np.arange(len(trace.y))) == [0, 1, 2, 3]
    np.testing.assert_allclose(line.y[[0, -1]], [10, 62], rtol=1e-6)
    assert (lower.y[-1] < line.y[-1]) and (line.y[-1] < upper.y[-1])


def page_of(n_iterations):
    runs = simulate(n_seeds=2, n_iterations=n_iterations)
    means = curves(runs, smoothing_window=50, band="t", confidence_level=0.95)
    return interactive.page(
        runs,
        means,
        over_epochs(),
        name="x",
        experiment="",
        comparisons=COMPARISONS,
        settings=SETTINGS,
    )


def test_the_view_of_the_test_images_has_its_own_titles():
    page = page_of(n_iterations=100)
    assert "test images after every epoch: mean of 2 seeds, 95 % t band" in page
    for title in ("Test cross-entropy (nats)", "Test accuracy (%)", "Epoch"):
        assert f'"{title}"' in page


def test_windows_longer_than_the_run_are_one_and_named_by_its_length():
    assert interactive.windows(50, 1000) == [1, 50, 200]
    assert interactive.windows(50, 40) == [1, 50]
    assert interactive.windows(50, 1) == [50]
    page = page_of(n_iterations=40)
    assert page.count("moving average over 40 iterations") == 2
    assert "over 50 iterations" not in page and "over 200 iterations" not in page


def test_one_iteration_draws_marks():
    figure = draw(simulate(n_seeds=2, n_iterations=1))
    assert {trace.mode for trace in select(figure, meta="mean")} == {"markers"}
    assert {trace.mode for trace in select(figure, meta="test")} == {"lines"}


def test_24_variants_look_different_and_long_names_leave_the_curves_room():
    names = [f"{'long_' * 19}{number}" for number in range(24)]
    run = simulate(n_seeds=1, n_iterations=60)["a", 0]
    runs = {(name, 0): run for name in names}
    means = curves(runs, smoothing_window=1, band="t", confidence_level=0.95)
    figure = interactive.figure(
        runs, means, over_epochs(names), {"one": names[:20], "two": names[20:]}, smoothing_window=1
    )
    lines = [
        (trace.line.color, trace.line.dash) for trace in select(figure, meta="mean", yaxis="y")
    ]
    assert len(set(lines)) == len(lines) == 24
    legend = figure.layout.legend.maxheight
    assert 50 < legend < 150 and figure.layout.margin.b > legend + 50  # the rest scrolls


def test_a_wide_band_leaves_the_lines_room():
    runs = simulate(n_seeds=2, n_iterations=60)
    means = curves(runs, smoothing_window=1, band="t", confidence_level=0.95)
    means["lower"] = -1.0
    figure = interactive.figure(runs, means, over_epochs(), COMPARISONS, smoothing_window=1)
    line, lower, _ = select(figure, meta="mean", legendgroup="a", yaxis="y")
    assert min(lower.y) == pytest.approx(min(line.y) / 3)


def test_the_page_of_100_seeds_is_below_10_megabytes():
    runs = simulate(n_seeds=100, n_iterations=1000)  # enough for all points of every curve
    means = curves(
        {run: runs[run] for run in runs if run[1] < 5},
        smoothing_window=50,
        band="t",
        confidence_level=0.95,
    )
    page = interactive.page(
        runs,
        means,
        over_epochs(n_epochs=100),
        name="large",
        experiment="",
        comparisons=COMPARISONS,
        settings=SETTINGS,
    )
    assert len(page.encode()) < 10_000_000
    assert "http-equiv" in page and "<script src" not in page
