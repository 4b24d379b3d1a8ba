"""What a figure shows and what was run, in words."""

import re

import numpy as np
import pandas as pd
import pytest

from configurations import configure
from descent.analysis.bands import KINDS
from descent.reporting import wording


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_band_has_words(kind):
    assert re.search("90 %|sd|minimum", wording.band(kind, 0.9, 5))
    assert wording.band(kind, 0.9, 5).startswith("mean of 5 seeds, ")
    assert wording.band(kind, 0.9, 1) == "1 seed, hence no band"


def test_an_experiment_in_a_line():
    config = configure(training={"epochs": 1, "batch_size": 32}, seeds=[0, 1], seeding="paired")
    line = wording.experiment(config)
    assert line.startswith("1 epoch on mnist in mini-batches of 32 images, ")
    assert "100 and 100 units" in line and line.endswith("2 seeds per variant")
    assert wording.experiment(config, [7]).endswith("1 seed per variant")


def test_a_variant_by_its_optimizer_and_hyperparameters():
    variant = {"optimizer": "scratch.sgd", "lr": 0.1, "reference": True}
    assert wording.settings(variant) == "scratch.sgd, lr = 0.1"


def test_a_variant_with_schedule_clipping_and_groups():
    variant = {
        "optimizer": "scratch.sgd",
        "lr": 0.1,
        "lr_scheduler": [
            {"name": "LinearLR", "start_factor": 0.1, "per": "iteration", "epochs": 1},
            {"name": "ConstantLR", "iterations": 20},
            {
                "name": "ChainedScheduler",
                "schedulers": [{"name": "StepLR", "step_size": 2}, {"name": "ConstantLR"}],
                "epochs": 4,
            },
            {"name": "CosineAnnealingLR", "T_max": 15},
        ],
        "gradient_clipping": {"norm": 1.0},
        "groups": [
            {"parameters": ["b*", "W0"], "lr": 0.01, "weight_decay": 0},
            {"parameters": ["W1"], "lr": 0.2},
        ],
    }
    assert wording.settings(variant) == (
        "scratch.sgd, lr = 0.1, learning rate by LinearLR (start_factor = 0.1, per iteration) for "
        "1 epoch, then ConstantLR (per epoch) for 20 iterations, then StepLR (step_size = 2, per "
        "epoch) and ConstantLR (per epoch) for 4 epochs, then CosineAnnealingLR (T_max = 15, per "
        "epoch), gradients clipped at norm 1.0, b* and W0 with lr = 0.01 and weight_decay = 0, W1 "
        "with lr = 0.2"
    )


def test_smoothing():
    assert wording.smoothing(1, 100) == "unsmoothed"
    assert wording.smoothing(20, 100) == "moving average over 20 iterations"


def test_a_window_is_no_longer_than_the_run():
    assert wording.smoothing(50, 12) == "moving average over 12 iterations"
    assert wording.smoothing(50, 1) == "unsmoothed"


def test_own_data_have_the_name_of_their_folder():
    config = configure()
    assert wording.dataset(config) == "mnist"
    config["dataset"] = {"name": "idx", "folder": "scans/leaves/"}
    assert wording.dataset(config) == "leaves" and " on leaves in " in wording.experiment(config)
    assert wording.dataset({"dataset": {"name": "idx", "folder": "."}}) == "idx"


def test_a_curve_ends_at_its_last_finite_value():
    mean = pd.Series([0.5, 0.9871, np.nan], index=pd.Index([10, 20, 30], name="iteration"))
    assert wording.curve(mean, "train_accuracy") == "goes from 50 % to 98.7 % at iteration 20"
    assert wording.curve(mean, "train_loss") == "goes from 0.5 to 0.987 at iteration 20"
    assert wording.curve(mean.rename_axis("epoch"), "test_loss").endswith("at epoch 20")
    assert wording.curve(mean * np.nan, "train_loss") == "has no finite value"


@pytest.mark.parametrize(
    ("value", "metric", "text"),
    [
        (-0.085, "test_accuracy", "\N{MINUS SIGN}8.50"),
        (-0.00001, "test_accuracy", "+0.00"),
        (0.0, "test_accuracy", "0"),
        (-1.11e-16, "test_accuracy", "0"),
        (0.00042, "test_loss", "+0.0004"),
    ],
)
def test_a_difference_has_a_sign_and_the_decimals_of_its_metric(value, metric, text):
    assert wording.difference(value, metric) == text


def test_levels_and_margins():
    assert [wording.level(level) for level in (0.95, 0.9875)] == ["95 %", "98.75 %"]
    assert wording.level(1 - 0.05 / 45) == "99.89 %"
    assert wording.margin(0.007, "test_accuracy") == "0.7"
    assert wording.margin(0.01, "test_loss") == "0.01"


def test_what_tuning_took():
    spent = {"combinations": 7, "runs": 70, "epochs": 1400}
    assert wording.budget("m", spent) == (
        "m was tuned with 7 combinations, 70 runs and 1,400 epochs in all."
    )
    assert wording.budget("m", None) == "m was not tuned."
