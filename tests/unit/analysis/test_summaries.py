"""Tables over seeds: final accuracies, targets, untrained networks."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from descent.analysis.summaries import final_accuracy, targets, untrained


def runs(accuracies):
    return {
        ("v", seed): pd.DataFrame({"test_accuracy": [0.1, value], "test_loss": [2.3, 1 - value]})
        for seed, value in enumerate(accuracies)
    }


def test_table_summarises_the_last_epoch():
    values = np.array([0.91, 0.95, 0.93, 0.97])
    [row] = final_accuracy(runs(values), {}, confidence_level=0.9).to_dict("records")
    interval = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert row == pytest.approx(
        {
            "variant": "v",
            "n": 4,
            "diverged": 0,
            "diverged_at": "",
            "mean": 0.94,
            "sd": np.std(values, ddof=1),
            "ci_lower": interval.low,
            "ci_upper": interval.high,
            "min": 0.91,
            "max": 0.97,
            "test_loss": 0.06,
        }
    )


def test_one_seed_has_no_interval():
    [row] = final_accuracy(runs([0.9]), {}, confidence_level=0.95).to_dict("records")
    assert row["mean"] == 0.9
    assert np.isnan([row["sd"], row["ci_lower"], row["ci_upper"]]).all()


def epochs(*accuracies, iterations=10, seconds=2.0):
    """A run with these test accuracies, the first of them untrained."""
    n = len(accuracies)
    return pd.DataFrame(
        {
            "iteration": iterations * np.arange(n),
            "test_accuracy": accuracies,
            "train_seconds": [0.0] + [seconds] * (n - 1),
        }
    )


def test_targets_rank_a_miss_behind_every_hit():
    members = [
        epochs(0.1, 0.8, 0.9, 0.91),
        epochs(0.1, 0.9, 0.85, 0.96),
        epochs(0.1, 0.85, 0.89, 0.94, seconds=4.0),
    ]
    table = targets({("v", seed): run for seed, run in enumerate(members)}, [0.9, 0.95, 0.99])
    assert table["target"].tolist() == [0.9, 0.95, 0.99]
    assert table["n"].tolist() == [3, 3, 3] and table["reached"].tolist() == [3, 1, 0]
    median = table["iterations_median"].tolist()
    assert median[0] == 20 and np.isnan(median[1:]).all()
    assert table["seconds_median"][0] == 4.0 and table["seconds_median"][1:].isna().all()
    assert table["iterations_min"].tolist() == [10, 30, pd.NA]
    assert table["iterations_max"].tolist() == [30, 30, pd.NA]
    np.testing.assert_allclose(table["seconds_per_iteration"], 24 / 90)


def test_a_run_that_diverged_misses_what_it_had_not_reached():
    members = {("v", 0): epochs(0.1, 0.9, 0.95), ("v", 1): epochs(0.1, 0.9), ("v", 2): epochs(0.1)}
    table = targets(members, [0.9, 0.95])
    assert table["reached"].tolist() == [2, 1]
    assert table["iterations_median"].iloc[0] == 10
    assert np.isnan(table["iterations_median"].iloc[1])
    [alone] = targets({("v", 2): epochs(0.1)}, [0.9]).to_dict("records")
    assert alone["reached"] == 0 and np.isnan(alone["seconds_per_iteration"])


def test_a_median_between_a_hit_and_a_miss_is_empty():
    members = {("v", 0): epochs(0.1, 0.9), ("v", 1): epochs(0.1, 0.2)}
    [row] = targets(members, [0.9]).to_dict("records")
    assert np.isnan(row["iterations_median"]) and np.isnan(row["seconds_median"])
    assert (row["reached"], row["iterations_min"], row["iterations_max"]) == (1, 10, 10)


def test_untrained_networks_are_those_of_epoch_zero():
    members = runs([0.91, 0.95, 0.99])
    members["v", 1].loc[0] = [0.2, 2.6]
    passes = {run: {"images": 256, "seconds": 1 + run[1] ** 2} for run in members}
    [row] = untrained(members, passes).to_dict("records")
    assert row == pytest.approx(
        {
            "variant": "v",
            "n": 3,
            "test_loss": 2.4,
            "test_loss_sd": 0.3 / np.sqrt(3),
            "test_accuracy": 0.4 / 3,
            "test_accuracy_sd": 0.1 / np.sqrt(3),
            "forward_images": 256,
            "forward_seconds": 2,
        }
    )
