"""Where an interval lies, and at which level; every case of docs/statistics.md."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from descent.analysis.decision import decide, holm_levels
from evidence import documented_cases

WITH_INTERVAL = [(*interval, verdict) for interval, verdict, _ in documented_cases() if interval]


def test_the_documentation_has_all_verdicts():
    verdicts = {verdict for _, verdict, _ in documented_cases()}
    assert len(WITH_INTERVAL) == 10 and len(verdicts) == 6


@pytest.mark.parametrize(("lower", "upper", "verdict"), WITH_INTERVAL)
def test_every_documented_case(lower, upper, verdict):
    assert decide(lower, upper, 0.5) == verdict
    assert decide(-upper, -lower, 0.5) == verdict


def test_without_an_interval_nothing_is_decided():
    assert decide(np.nan, np.nan, 0.5) == "inconclusive"


def test_a_narrower_interval_never_takes_back_what_a_wider_one_said():
    random = np.random.default_rng(0)
    for _ in range(1000):
        center, width = random.normal(0, 1), random.exponential(1)
        wide, narrow = (
            decide(center - share * width, center + share * width, 0.5) for share in (1, 0.7)
        )
        assert wide.startswith("equivalent") <= narrow.startswith("equivalent")
        assert (wide == "different") <= (narrow == "different")
        assert ("difference " in wide or wide == "different") <= ("differen" in narrow)
        if wide in ("different", "equivalent (difference detectable)"):
            assert wide == narrow  # settled


@pytest.mark.parametrize("n_missing", [0, 2])
def test_levels_are_those_of_holm(monkeypatch, n_missing):
    monkeypatch.setattr("gc.collect", lambda: 0)  # nine tenths of the time of multipletests
    random = np.random.default_rng(1)
    for _ in range(20):
        p_values = random.uniform(0, 0.05, 6) ** random.integers(1, 4)
        with_missing = np.append(p_values, [np.nan] * n_missing)
        levels = holm_levels(with_missing, 0.05)[:6]
        rejected = multipletests(p_values, 0.05, method="holm")[0]
        np.testing.assert_array_equal(p_values < levels, rejected)
        ranks = np.minimum(np.arange(6), rejected.sum())
        np.testing.assert_allclose(np.sort(levels), 0.05 / (6 - ranks))


def test_levels_of_no_hypothesis_and_of_one():
    assert len(holm_levels([], 0.05)) == 0
    assert holm_levels([0.9], 0.05).tolist() == [0.05]
    assert np.isnan(holm_levels([np.nan], 0.05)).all()
