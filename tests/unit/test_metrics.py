"""The recorded quantities, and the scale they are shown on."""

import pytest

from descent.metrics import METRICS, TRAIN_METRICS, VALIDATION_METRICS
from descent.records import EPOCHS
from descent.training.epoch import OF_IMAGES


def test_every_metric_is_a_column_of_the_records():
    assert {*TRAIN_METRICS, *VALIDATION_METRICS} <= METRICS.keys()
    assert list(OF_IMAGES) == TRAIN_METRICS
    assert METRICS.keys() - TRAIN_METRICS <= set(EPOCHS.names)


@pytest.mark.parametrize(
    ("column", "heading", "scale", "difference"),
    [
        ("train_loss", "Train cross-entropy (nats)", 1, "nats"),
        ("validation_accuracy", "Validation accuracy (%)", 100, "percentage points"),
    ],
)
def test_how_a_metric_is_shown(column, heading, scale, difference):
    metric = METRICS[column]
    assert (metric.column, metric.heading, metric.scale) == (column, heading, scale)
    assert metric.difference_unit == difference


def test_which_way_a_metric_improves():
    assert {name: metric.better for name, metric in METRICS.items() if "test" in name} == {
        "test_loss": -1,
        "test_accuracy": 1,
    }
    assert [METRICS[name].decimals for name in ("test_loss", "test_accuracy")] == [4, 2]
