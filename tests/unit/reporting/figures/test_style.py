"""The axes of figures: where their ticks are."""

from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from descent.reporting.figures.style import save, scale_accuracy, scale_loss


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


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


def test_a_figure_is_written_in_the_format_of_its_name_and_closed(tmp_path):
    figure, _ = plt.subplots()
    files = [str(tmp_path / f"figure.{kind}") for kind in ("png", "svg", "pdf")]
    save(figure, files)
    beginnings = [Path(file).read_bytes()[:5] for file in files]
    assert beginnings == [b"\x89PNG\r", b"<?xml", b"%PDF-"]
    assert not plt.fignum_exists(figure.number)
