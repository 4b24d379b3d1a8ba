"""The figure of learning rates, judged by what is drawn in it."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from descent.reporting.figures.schedules import as_svg, schedules
from drawn import MANY, assert_distinct, assert_room, names


@pytest.fixture
def figure():
    figure = schedules({"cosine": [0.1, 0.05, 0.0], "step": [0.2, 0.2, 0.02]})
    yield figure
    plt.close(figure)


def test_every_variant_has_a_line_from_the_first_iteration_on(figure):
    [axes] = figure.axes
    drawn = {line.get_label(): line.get_xydata() for line in axes.lines}
    np.testing.assert_array_equal(drawn["cosine"], [[1, 0.1], [2, 0.05], [3, 0]])
    np.testing.assert_array_equal(drawn["step"], [[1, 0.2], [2, 0.2], [3, 0.02]])
    assert len({(line.get_color(), line.get_linestyle()) for line in axes.lines}) == 2
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Iteration", "Learning rate")
    assert axes.get_ylim()[0] == 0
    [legend] = figure.legends
    assert [text.get_text() for text in legend.texts] == ["cosine", "step"]


@pytest.mark.parametrize("n_variants", MANY)
@pytest.mark.parametrize("length", [8, 100])
def test_any_number_of_variants_and_any_names(n_variants, length):
    figure = schedules({name: [0.1, 0.2] for name in names(n_variants, length)})
    assert_room(figure)
    assert_distinct(figure.axes[0].lines)
    plt.close(figure)


def test_one_iteration_is_a_mark():
    figure = schedules({"constant": [0.1]})
    [line] = figure.axes[0].lines
    assert line.get_marker() != "None" and line.get_markevery() == 1
    assert figure.axes[0].get_xlim() == (0, 2)
    plt.close(figure)


def test_a_variant_looks_as_in_the_other_figures_of_its_comparison():
    whole = schedules({"first": [0.1, 0.2], "second": [0.1, 0.2]})
    part = schedules({"second": [0.1, 0.2]}, order=["first", "second"])
    [line] = part.axes[0].lines
    assert line.get_color() == whole.axes[0].lines[1].get_color()
    plt.close("all")


def test_as_an_image_it_is_closed(figure):
    assert "<svg" in as_svg(figure)
    assert figure.number not in plt.get_fignums()
