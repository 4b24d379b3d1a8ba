"""The parity figure, judged by what is drawn in it."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from descent.reporting.figures.parity import parity


@pytest.fixture
def figure():
    """Draw a trace of one variant whose first iteration has the same bits."""
    trace = pd.DataFrame(
        {
            "variant": "ours",
            "dtype": dtype,
            "loop": loop,
            "iteration": iteration,
            "difference": 0.0 if iteration == 1 else 1e-8 * iteration,
            "bound": 1e-6 * iteration,
        }
        for dtype in ("float32", "float64")
        for loop in ("replay", "closed")
        for iteration in (1, 2, 3)
    )
    figure = parity(trace, reference="theirs", n_seeds=3, first_seed=7)
    yield figure
    plt.close(figure)


def test_both_precisions_have_a_panel_with_both_loops_and_the_bound(figure):
    assert [axes.get_title() for axes in figure.axes] == ["float32", "float64"]
    for axes in figure.axes:
        drawn = {line.get_label(): line.get_ydata() for line in axes.lines}
        assert list(drawn) == [
            "ours, same gradients",
            "ours, own gradients (not judged)",
            "rounding bound",
        ]
        np.testing.assert_allclose(drawn["ours, same gradients"], [1e-19, 2e-8, 3e-8])
        np.testing.assert_allclose(drawn["rounding bound"], [1e-6, 2e-6, 3e-6])


def test_the_same_bits_have_a_tick_and_the_note_counts_seeds(figure):
    axes = figure.axes[0]
    assert axes.get_yticklabels()[0].get_text() == "same bits"
    assert "theirs" in axes.get_ylabel()
    assert "3 seeds" in figure.get_supxlabel() and "seed 7" in figure.get_supxlabel()
