"""The figure of a sweep, judged by what is in its SVG file."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from descent.reporting.figures import sensitivity as sensitivity_figure
from descent.reporting.figures.sensitivity import sensitivity
from drawn import MANY, assert_distinct, assert_room, crosses, names, texts


def draw(tmp_path, accuracies, sweeps, axis="lr", selected=(), name="figure", shorter=None):
    """`accuracies` maps each combination to those of its seeds, NaN if it diverged.

    `shorter` are those of an earlier rung, of 2 epochs.
    """
    final = pd.DataFrame(
        [
            {
                "combination": combination,
                "seed": seed,
                "epochs": epochs,
                "validation_loss": 1.5 - accuracy,
                "validation_accuracy": accuracy,
            }
            for epochs, rung in ((2, shorter or {}), (20, accuracies))
            for combination, values in rung.items()
            for seed, accuracy in enumerate(values)
        ]
    )
    file = tmp_path / f"{name}.svg"
    sensitivity(
        final,
        sweeps,
        set(selected),
        [str(file)],
        axis=axis,
        band="t",
        confidence_level=0.95,
        experiment="what was run",
    )
    return file


SGD = {f"sgd_lr_{lr}": {"lr": lr, "optimizer": "o"} for lr in (0.001, 0.01, 0.1)}
ADAM = {f"adam_lr_{lr}": {"lr": lr, "optimizer": "o"} for lr in (0.01, 0.1)}


def test_a_line_for_each_sweep_and_crosses_where_runs_diverged(tmp_path):
    accuracies = {
        "sgd_lr_0.001": [0.5, 0.6, 0.55],
        "sgd_lr_0.01": [0.9, 0.91, 0.92],
        "sgd_lr_0.1": [0.9, np.nan, np.nan],
        "adam_lr_0.01": [0.95, 0.96, 0.97],
        "adam_lr_0.1": [np.nan, np.nan, np.nan],
    }
    sweeps = {"sgd_selected": SGD, "adam_selected": ADAM}
    svg = draw(tmp_path, accuracies, sweeps, selected=["sgd_lr_0.01", "adam_lr_0.01"])
    found = texts(svg)
    for text in ("sgd", "adam", "Learning rate", "Validation accuracy (%)", "what was run"):
        assert text in found
    assert "Validation cross-entropy (nats)" in found
    assert found.count("2/3") == found.count("3/3") == 2  # in each panel
    assert len(crosses(svg)) == 4
    assert any("cross: runs that diverged" in text for text in found)
    assert any("mean of 3 seeds, 95 % t band" in text for text in found)


def test_no_cross_where_all_completed(tmp_path):
    svg = draw(tmp_path, {name: [0.9, 0.8] for name in SGD}, {"sgd_selected": SGD})
    assert crosses(svg) == [] and not any("cross:" in text for text in texts(svg))


def test_further_hyperparameters_have_lines_of_their_own(tmp_path):
    sweep = {
        f"m_{lr}_{momentum}": {"lr": lr, "momentum": momentum}
        for lr in (0.01, 0.1)
        for momentum in (0, 0.9)
    }
    svg = draw(tmp_path, {name: [0.9] for name in sweep}, {"m_selected": sweep})
    found = texts(svg)
    assert "m, momentum = 0" in found and "m, momentum = 0.9" in found
    assert any("1 seed, hence no band" in text for text in found)


def test_values_that_are_no_numbers_stand_side_by_side(tmp_path):
    sweep = {"a": {"betas": [0.9, 0.99]}, "b": {"betas": [0.8, 0.9]}}
    svg = draw(tmp_path, {name: [0.9] for name in sweep}, {"m_selected": sweep}, axis="betas")
    assert {"(0.9, 0.99)", "(0.8, 0.9)", "betas"} <= set(texts(svg))


def test_all_runs_may_have_diverged(tmp_path):
    svg = draw(tmp_path, {name: [np.nan, np.nan] for name in SGD}, {"sgd_selected": SGD})
    assert len(crosses(svg)) == 6


@pytest.mark.parametrize("n_sweeps", MANY)
@pytest.mark.parametrize("length", [8, 100])
def test_any_number_of_sweeps_and_any_names(tmp_path, monkeypatch, n_sweeps, length):
    figures = []
    monkeypatch.setattr(sensitivity_figure, "save", lambda figure, files: figures.append(figure))
    sweeps = {
        f"{name}_selected": {f"{name}_{lr}": {"lr": lr} for lr in (0.01, 0.1)}
        for name in names(n_sweeps, length)
    }
    accuracies = {name: [0.8, np.nan] for sweep in sweeps.values() for name in sweep}
    draw(tmp_path, accuracies, sweeps)
    [figure] = figures
    assert_room(figure)
    assert_distinct(figure.legends[0].get_lines())
    for axes in figure.axes:
        marks = [line.get_ydata()[0] for line in axes.lines if line.get_marker() == "x"]
        assert len(marks) == 2 * n_sweeps and len(set(marks)) == n_sweeps
        assert min(marks) >= 0 and max(marks) <= 1
    plt.close(figure)


def test_rungs_have_lines_of_their_own(tmp_path, monkeypatch):
    """A combination is never drawn beside others that were trained for longer."""
    first = dict(zip(SGD, ([0.5, 0.6], [0.7, 0.8], [np.nan, 0.6]), strict=True))
    kept = {"sgd_lr_0.01": [0.95, 0.96]}
    svg = draw(tmp_path, kept, {"sgd_selected": SGD}, selected=kept, shorter=first)
    found = texts(svg)
    assert "2 epochs" in found and "20 epochs" in found
    assert found.count("1/2") == len(crosses(svg)) == 2
    assert any("bands: of the longest runs only" in text for text in found)

    figures = []
    monkeypatch.setattr(sensitivity_figure, "save", lambda figure, files: figures.append(figure))
    draw(tmp_path, kept, {"sgd_selected": SGD}, shorter=first)
    lines = {line.get_linestyle(): line.get_ydata() for line in figures[0].axes[0].lines[:4]}
    np.testing.assert_allclose(lines["--"], [55, 75, np.nan])
    np.testing.assert_allclose(lines["-"], [np.nan, 95.5, np.nan])
    monkeypatch.undo()
    alone = texts(draw(tmp_path, kept, {"sgd_selected": dict([list(SGD.items())[1]])}))
    assert not any("epochs" in text for text in alone)
