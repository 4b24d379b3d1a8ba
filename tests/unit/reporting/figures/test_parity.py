"""The parity figure, judged by what is drawn in it."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from descent.reporting.figures.parity import parity


def make_trace(*variants):
    """Make a trace whose first iteration has the same bits."""
    return pd.DataFrame(
        {
            "variant": variant,
            "dtype": dtype,
            "loop": loop,
            "iteration": iteration,
            "difference": 0.0 if iteration == 1 else 1e-8 * iteration,
            "bound": 1e-6 * iteration,
        }
        for variant in variants
        for dtype in ("float32", "float64")
        for loop in ("replay", "closed")
        for iteration in (1, 2, 3)
    )


@pytest.fixture
def figure():
    figure = parity(make_trace("ours"), reference="theirs", n_seeds=3, first_seed=7)
    yield figure
    plt.close(figure)


def test_both_precisions_have_a_panel_with_both_loops_and_the_bound(figure):
    assert [axes.get_title() for axes in figure.axes] == ["float32", "float64"]
    [found] = figure.legends
    names = [text.get_text() for text in found.get_texts()]
    legend = dict(zip(names, found.get_lines(), strict=True))
    assert names == ["ours", "same gradients", "own gradients (not judged)", "rounding bound"]
    for axes in figure.axes:
        same, own, bound = axes.lines
        assert same.get_color() == own.get_color() == legend["ours"].get_color()
        for line, label in (
            (same, "same gradients"),
            (own, "own gradients (not judged)"),
            (bound, "rounding bound"),
        ):
            assert line.get_linestyle() == legend[label].get_linestyle()
        np.testing.assert_allclose(same.get_ydata(), [1e-19, 2e-8, 3e-8])
        np.testing.assert_allclose(bound.get_ydata(), [1e-6, 2e-6, 3e-6])


def test_the_same_bits_have_a_tick_and_the_note_counts_seeds(figure):
    axes = figure.axes[0]
    assert axes.get_yticklabels()[0].get_text() == "same bits"
    assert "theirs" in axes.get_ylabel()
    assert "3 seeds" in figure.get_supxlabel() and "seed 7" in figure.get_supxlabel()


@pytest.mark.parametrize("n_variants", [1, 4, 5, 12])
@pytest.mark.parametrize("name", ["sgd", "momentum_with_a_long_name", 4 * "mmmwwwmmmw"])
def test_the_legend_is_whole_with_any_number_of_variants(n_variants, name):
    variants = [f"{name}_{number}" for number in range(n_variants)]
    figure = parity(make_trace(*variants), reference="theirs", n_seeds=3)
    figure.canvas.draw()
    [legend] = figure.legends
    assert {text.get_text() for text in legend.get_texts()} >= set(variants)
    inside, whole = legend.get_window_extent(), figure.bbox
    assert whole.x0 <= inside.x0 and inside.x1 <= whole.x1
    assert inside.y1 <= whole.y1 and inside.y0 >= figure.axes[0].get_window_extent().y1
    assert figure.axes[0].get_window_extent().height > whole.height / 4
    plt.close(figure)


def test_only_the_loops_that_were_run_are_in_the_legend():
    trace = make_trace("ours").query("loop == 'replay'")
    figure = parity(trace, reference="theirs", n_seeds=3)
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["ours", "same gradients", "rounding bound"]
    plt.close(figure)
