"""The figure of trajectories on contours."""

import math

import pytest

from descent.landscapes.functions import FUNCTIONS
from descent.landscapes.trajectories import Trajectory
from descent.reporting.figures.landscape import landscape, outcome, pulled_in, styles_of
from descent.reporting.figures.style import looks, save
from drawn import assert_room, texts

SADDLE = FUNCTIONS["saddle"]


def trajectory(*points, label="rule", end=""):
    return Trajectory(label, list(points), [0.25] * len(points), end)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_every_function_has_a_picture_with_room(function):
    figure = landscape(function, [trajectory(function.start, (0, 0)), trajectory((0, 0))])
    assert_room(figure)
    [axes] = figure.axes
    assert axes.get_aspect() == 1 and (*axes.get_xlim(), *axes.get_ylim()) == function.region
    stars = [line for line in axes.lines if line.get_marker() == "*"]
    assert [tuple(map(float, star.get_xydata()[0])) for star in stars] == list(function.minima)


def test_the_legend_says_where_a_trajectory_ends(tmp_path):
    away = trajectory((0, 0), (9, 0), label="a$b_<c>", end="not finite from iteration 2 on")
    save(landscape(SADDLE, [away, trajectory((0, 0), label="ok")]), [str(tmp_path / "one.svg")])
    found = " ".join(texts(tmp_path / "one.svg"))
    assert "a$b_<c>: leaves the picture in iteration 1, not finite from iteration 2 on" in found
    assert "ok: f = 0.25 after 0 iterations" in found


def test_what_is_far_away_is_drawn_in_its_direction(tmp_path):
    assert pulled_in((1, 1), SADDLE.region) == (1, 1)
    x, y = pulled_in((1e300, -2e300), SADDLE.region)
    assert x == pytest.approx(-y / 2) and math.hypot(x, y) < 1e4
    far = trajectory((0, 0), (1e300, 1e308), (-1e308, 0))
    save(landscape(SADDLE, [far]), [str(tmp_path / f"far.{end}") for end in ("png", "svg", "pdf")])


def test_outcomes():
    assert outcome(SADDLE, trajectory((0, 0), (1, 1))) == "f = 0.25 after 1 iterations"


def test_variants_have_the_looks_of_the_other_figures():
    drawn = [trajectory((0, 0), label="c (without its groups)"), trajectory((0, 0), label="a")]
    assert styles_of(drawn, ["a", "b", "c"]) == [looks(3)[2], looks(3)[0]]
