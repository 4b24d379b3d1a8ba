"""The parity figure, judged by what is drawn in it."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from descent.reporting.figures.parity import parity
from descent.reporting.figures.style import looks
from drawn import MANY, assert_distinct, assert_room, names


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
    assert "reference: theirs; " in figure.get_supxlabel()
    assert "3 seeds" in figure.get_supxlabel() and "seed 7" in figure.get_supxlabel()


@pytest.mark.parametrize("n_variants", MANY)
@pytest.mark.parametrize("length", [6, 26, 100])
def test_any_number_of_variants_and_any_names(n_variants, length):
    variants = names(n_variants, length)
    figure = parity(make_trace(*variants), reference=names(1, length)[0], n_seeds=3)
    assert_room(figure)
    [legend] = figure.legends
    found = ["".join(text.get_text().split()) for text in legend.get_texts()]
    assert found[:n_variants] == variants
    assert_distinct(legend.get_lines())
    plt.close(figure)


def test_one_iteration_is_a_mark():
    trace = make_trace("ours").query("iteration == 2")
    figure = parity(trace, reference="theirs", n_seeds=3)
    for line in (line for axes in figure.axes for line in axes.lines):
        assert line.get_marker() != "None" and line.get_markevery() in (1, None)
    plt.close(figure)


def test_only_the_loops_that_were_run_are_in_the_legend():
    trace = make_trace("ours").query("loop == 'replay'")
    figure = parity(trace, reference="theirs", n_seeds=3)
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["ours", "same gradients", "rounding bound"]
    plt.close(figure)


def test_a_variant_has_the_color_of_the_other_figures_of_its_comparison():
    figure = parity(make_trace("ours"), reference="theirs", n_seeds=1, order=["theirs", "ours"])
    assert figure.axes[0].lines[0].get_color() == looks(2)[1]["color"]
    assert "theirs" not in [text.get_text() for text in figure.legends[0].get_texts()]
    plt.close(figure)
