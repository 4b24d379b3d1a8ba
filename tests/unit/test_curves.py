import numpy as np
import pandas as pd
import pytest
from scipy import stats

from descent.curves import curves, smooth, t_band


@pytest.mark.parametrize("window", [1, 3, 4, 20])
def test_smoothing_averages_the_values_around(window):
    values = np.random.default_rng(0).normal(size=(50, 2))
    before = window // 2
    expected = [
        values[max(0, i - before) : i - before + window].mean(axis=0) for i in range(len(values))
    ]
    np.testing.assert_allclose(smooth(values, window), expected, atol=1e-12)


def test_band_is_the_t_interval_of_scipy():
    values = np.random.default_rng(1).normal(size=(20, 5))
    mean, lower, upper = t_band(values, 0.9)
    expected = stats.ttest_1samp(values, 0, axis=1).confidence_interval(0.9)
    np.testing.assert_allclose(mean, values.mean(axis=1))
    np.testing.assert_allclose((lower, upper), (expected.low, expected.high))


def test_band_covers_the_mean_as_often_as_it_says():
    values = np.random.default_rng(2).normal(size=(40_000, 5))
    _, lower, upper = t_band(values, 0.95)
    assert np.mean((lower <= 0) & (upper >= 0)) == pytest.approx(0.95, abs=0.01)


def test_one_seed_has_no_band():
    mean, lower, upper = t_band(np.array([[1.0], [2.0]]), 0.95)
    assert mean.tolist() == [1, 2]
    assert np.isnan(lower).all() and np.isnan(upper).all()


def test_each_seed_is_smoothed_before_the_band_is_computed():
    random = np.random.default_rng(3)
    runs = {
        (variant, seed): pd.DataFrame(
            {"train_loss": random.random(60), "train_accuracy": random.random(60)}
        )
        for variant in ("a", "b")
        for seed in (0, 1, 2)
    }
    table = curves(runs, smoothing_window=20, confidence_level=0.95)
    assert len(table) == 2 * 2 * 60
    part = table[(table["variant"] == "b") & (table["metric"] == "train_accuracy")]
    smoothed = np.stack(
        [smooth(runs["b", s][["train_accuracy"]].to_numpy(), 20)[:, 0] for s in range(3)], axis=1
    )
    mean, lower, upper = t_band(smoothed, 0.95)
    np.testing.assert_allclose(part["mean"], mean)
    np.testing.assert_allclose(part["lower"], lower)
    np.testing.assert_allclose(part["upper"], upper)
    assert part["iteration"].tolist() == list(range(1, 61))
    assert set(part["n_seeds"]) == {3}


def test_a_value_that_is_not_finite_is_not_smoothed_away():
    values = np.array([[1.0], [2.0], [3.0], [np.inf], [np.nan], [4.0], [5.0], [6.0], [7.0]])
    smoothed = smooth(values, 3)[:, 0]
    np.testing.assert_allclose(smoothed[[0, 1, 6, 7, 8]], [1.5, 2, 5, 6, 6.5])
    assert np.isnan(smoothed[2:6]).all()
