"""`descent.plot`, on lists as people have them."""

import sys

import numpy as np
import pytest
import torch

import descent
from descent.analysis.bands import band
from descent.errors import MissingExtraError, UsageError
from drawn import MANY, assert_distinct, assert_room, names

MINE, THEIRS = [2.0, 1.0, 0.5, 0.25], [2.0, 1.1, 0.4, 0.2]


def lines(figure):
    return {line.get_label(): line for line in figure.axes[0].lines}


def test_each_list_is_a_line_over_its_iterations():
    found = lines(descent.plot({"mine": MINE, "torch": THEIRS}, window=1))
    assert list(found["mine"].get_xdata()) == [1, 2, 3, 4]
    assert list(found["mine"].get_ydata()) == MINE
    assert list(found["torch"].get_ydata()) == THEIRS
    assert found["mine"].get_linestyle() != found["torch"].get_linestyle()


@pytest.mark.parametrize(
    "given",
    [
        np.array(MINE),
        torch.tensor(MINE),
        [torch.tensor(value, requires_grad=True) for value in MINE],
        tuple(np.float32(value) for value in MINE),
        iter(MINE),
        [MINE],
    ],
    ids=["array", "tensor", "losses", "tuple", "iterator", "one seed"],
)
def test_values_may_be_what_a_loop_appends(given):
    found = lines(descent.plot({"mine": given}, window=1))
    assert list(found["mine"].get_ydata()) == pytest.approx(MINE)


def test_smoothing_is_that_of_the_workflow():
    found = lines(descent.plot({"mine": MINE}, window=3))
    expected = descent.smooth(np.array(MINE)[:, None], 3).ravel()
    assert list(found["mine"].get_ydata()) == list(expected)
    long = descent.plot({"mine": np.arange(1.0, 401.0)})
    assert "moving average over 10 iterations" in long.get_supxlabel()


def test_seeds_have_a_band_and_a_single_run_has_none():
    figure = descent.plot({"mine": [MINE, THEIRS], "torch": THEIRS}, window=1)
    [patch] = figure.axes[0].collections
    lower, upper = band(np.array([MINE, THEIRS]).T, "t", 0.95)
    heights = patch.get_paths()[0].vertices[:, 1]
    assert set(np.r_[lower, upper].round(9)) == set(heights.round(9))
    assert "mean of 2 seeds, 95 % t band (pointwise)" in figure.get_supxlabel()


def test_a_curve_ends_where_it_diverges():
    found = lines(descent.plot({"mine": [[1.0, 2.0, np.inf, 3.0], [1.0, 2.0, 3.0, 4.0]]}, window=1))
    assert list(found["mine"].get_ydata()) == [1.0, 2.0]


def test_losses_are_on_a_logarithmic_axis_if_they_can_be():
    assert descent.plot({"mine": MINE}).axes[0].get_yscale() == "log"
    assert descent.plot({"mine": [1.0, 0.0]}).axes[0].get_yscale() == "linear"
    accuracy = descent.plot({"mine": [0.1, 0.9]}, label="train accuracy")
    assert accuracy.axes[0].get_yscale() == "linear"
    assert accuracy.axes[0].get_ylabel() == "Train accuracy"
    assert descent.plot({"mine": MINE}, log=False).axes[0].get_yscale() == "linear"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (MINE, r"give curves by name, such as \{\"mine\": losses"),
        ({}, "give curves by name"),
        ({"mine": []}, "mine: is empty"),
        ({"mine": [[], []]}, "mine: is empty"),
        ({"mine": 1.0}, "mine: must be numbers"),
        ({"mine": "losses"}, "mine: must be numbers"),
        ({"mine": [torch.ones(2), torch.ones(3)]}, "different lengths: 2 and 3 iterations"),
        ({"mine": [1.0, [2.0]]}, "mine: must be numbers"),
    ],
)
def test_what_is_no_curve_is_one_line(given, message):
    with pytest.raises(UsageError, match=message):
        descent.plot(given)


@pytest.mark.parametrize("window", [0, -1, 2.5, True])
def test_a_window_is_a_number_of_iterations(window):
    with pytest.raises(UsageError, match="window must be a whole number from 1 on"):
        descent.plot({"mine": MINE}, window=window)


@pytest.mark.parametrize("n_curves", MANY)
@pytest.mark.parametrize("length", [8, 100])
def test_any_number_of_curves_and_any_names(n_curves, length):
    figure = descent.plot({name: MINE for name in names(n_curves, length)})
    assert_room(figure)
    assert_distinct(figure.axes[0].lines)


def test_one_iteration_is_a_mark():
    figure = descent.plot({"mine": [0.5], "torch": [[0.4], [0.6]]}, window=50)
    for line in figure.axes[0].lines:
        assert line.get_marker() != "None" and line.get_markevery() == 1
    assert figure.axes[0].get_xlim() == (0, 2) and "unsmoothed" in figure.get_supxlabel()


def test_without_a_finite_value_it_says_so():
    figure = descent.plot({"mine": [np.nan, 1.0], "torch": [np.inf]})
    assert [text.get_text() for text in figure.axes[0].texts] == [
        "No curve: every first value is not finite."
    ]


def test_a_window_longer_than_the_curve_is_not_claimed():
    assert "over 4 iterations" in descent.plot({"mine": MINE}, window=50).get_supxlabel()


def test_only_a_band_needs_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    descent.plot({"mine": MINE})
    with pytest.raises(MissingExtraError, match=r"scipy is not installed; run: pip install"):
        descent.plot({"mine": [MINE, THEIRS]})
