"""The axes of figures: where their ticks are."""

import itertools
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

from descent.reporting.figures.style import (
    add_legend,
    add_note,
    looks,
    save,
    scale_accuracy,
    scale_loss,
    set_style,
)
from drawn import assert_room

#: Linear RGB as people without one of the three kinds of cones see it (Machado et al. 2009).
SEEN = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = XYZ.sum(axis=1)


@pytest.fixture
def axes():
    set_style()  # the size of letters decides how many columns fit
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def lab(color, seen):
    """Convert a color, as it is seen, to CIELAB, in which distances are those of perception."""
    rgb = np.array(color)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = XYZ @ np.clip(np.asarray(seen) @ linear, 0, 1) / WHITE
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("sight", SEEN)
def test_24_lines_can_be_told_apart_whatever_one_sees(sight):
    """A distance of 2.3 is just noticeable between areas; thin lines need more."""
    for first, second in itertools.combinations(looks(24), 2):
        if first["marker"] == second["marker"]:
            assert first["linestyle"] == second["linestyle"]
            distance = lab(first["color"], SEEN[sight]) - lab(second["color"], SEEN[sight])
            assert np.linalg.norm(distance) > 12


def test_the_first_fifty_lines_are_distinct():
    fifty = [str(look) for look in looks(51)]
    assert len(set(fifty[:50])) == 50 and fifty[50] == fifty[0]


def test_a_legend_uses_as_many_columns_as_fit_and_breaks_what_does_not(axes):
    def draw(names):
        lines = [axes.plot([1, 2], label=name)[0] for name in names]
        [old.remove() for old in axes.figure.legends]
        add_legend(axes.figure, lines)
        return axes.figure.legends[0]

    axes.figure.set_layout_engine("constrained")
    assert draw(["a", "b", "c"])._ncols == 3
    assert draw(["n" * 30] * 6)._ncols == 2
    legend = draw(["W" * 100, "b"])
    assert legend._ncols == 1
    assert legend.get_texts()[0].get_text().count("W") == 100
    assert_room(axes.figure)


@pytest.mark.parametrize("name", ["a$b$", "a$b_{", "_mine", "%s", "µ ± 1"])
def test_names_are_shown_as_they_are(axes, name):
    axes.figure.set_layout_engine("constrained")
    add_legend(axes.figure, axes.plot([1, 2], label=name))
    add_note(axes.figure, f"on {name}")
    axes.figure.canvas.draw()
    [text] = axes.figure.legends[0].get_texts()
    assert text.get_text().replace(r"\$", "$") == name
    assert not text._preprocess_math(text.get_text())[1]  # no formula


def labels(axes):
    axes.figure.canvas.draw()
    return [label.get_text() for label in axes.get_yticklabels()]


@pytest.mark.parametrize(
    ("accuracies", "ticks"),
    [
        ([10, 99.9], ["50", "80", "90", "95", "98", "99", "99.5", "99.8"]),
        ([10, 50], ["10", "20", "30", "40", "50"]),
        ([98.2, 98.8], ["98.2", "98.4", "98.6", "98.8"]),
        ([5, 9.8], ["5", "6", "7", "8", "9"]),
    ],
)
def test_an_axis_of_accuracies_gives_the_last_percents_room(axes, accuracies, ticks):
    axes.set_ylim(accuracies)
    scale_accuracy(axes)
    assert labels(axes) == ticks
    places = [axes.transData.transform((0, percent))[1] for percent in (10, 50, 90, 99)]
    if accuracies[1] > 80:  # 90 to 99 takes more pixels than 50 to 90
        assert places[3] - places[2] > places[2] - places[1]


def test_an_axis_of_losses_is_logarithmic_with_plain_numbers(axes):
    axes.plot([0.04, 3])
    scale_loss(axes)
    assert {"0.05", "0.1", "0.5", "1", "2"} <= set(labels(axes))


def test_losses_that_explode_have_ticks_at_powers_of_ten(axes):
    axes.plot([0.5, 1e12])
    scale_loss(axes)
    assert len([text for text in labels(axes) if text]) < 16


def test_a_figure_is_written_in_the_format_of_its_name_and_closed(tmp_path):
    figure, _ = plt.subplots()
    files = [str(tmp_path / f"figure.{kind}") for kind in ("png", "svg", "pdf")]
    save(figure, files)
    beginnings = [Path(file).read_bytes()[:5] for file in files]
    assert beginnings == [b"\x89PNG\r", b"<?xml", b"%PDF-"]
    assert not plt.fignum_exists(figure.number)
