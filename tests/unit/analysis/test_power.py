"""The seeds that would show equivalence, checked against statsmodels and against simulation."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower, TTestPower

from descent.analysis.power import MOST_SEEDS, power_of_equivalence, seeds_needed

DESIGNS = {"independent": TTestIndPower(), "paired": TTestPower()}


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("difference", [0, 0.002, -0.004])
def test_high_power_is_that_of_two_one_sided_tests(design, difference):
    """Where both tests hardly ever fail together, their powers give that of both."""
    n = seeds_needed(difference, 0.005, 0.003, n=5, level=0.98, design=design)
    expected = [
        DESIGNS[design].power(distance / 0.003, n, alpha=0.01, alternative="larger")
        for distance in (0.005 - difference, 0.005 + difference)
    ]
    found = power_of_equivalence(difference, 0.005, 0.003, n=n, level=0.98, design=design)
    assert found == pytest.approx(sum(expected) - 1, abs=2e-3)


@pytest.mark.parametrize("design", DESIGNS)
def test_low_power_is_that_of_simulated_intervals(design):
    random = np.random.default_rng(3)
    values = random.normal([[[0.001]], [[0]]], 0.004, (2, 20_000, 4))
    independent, paired = stats.ttest_ind(*values, axis=1), stats.ttest_1samp(values[0], 0, axis=1)
    interval = (independent if design == "independent" else paired).confidence_interval(0.9)
    inside = (interval.low > -0.005) & (interval.high < 0.005)
    found = power_of_equivalence(0.001, 0.005, 0.004, n=4, level=0.9, design=design)
    assert found == pytest.approx(inside.mean(), abs=0.01)


@pytest.mark.parametrize("design", DESIGNS)
def test_the_seeds_needed_are_the_fewest_that_are_enough(design):
    known = {"level": 0.95, "design": design}
    n = seeds_needed(0.001, 0.005, 0.005, n=5, **known)
    few, enough = (
        power_of_equivalence(0.001, 0.005, 0.005, n=seeds, **known) for seeds in (n - 1, n)
    )
    assert few < 0.9 <= enough


def test_the_observed_difference_counts():
    """A mutant that takes the true difference for 0 suggests the same number for both."""
    known = {"n": 5, "level": 0.95, "design": "independent"}
    at_0, near_margin = (
        seeds_needed(difference, 0.005, 0.003, **known) for difference in (0, 0.004)
    )
    assert near_margin > 5 * at_0
    assert seeds_needed(-0.004, 0.005, 0.003, **known) == near_margin


@pytest.mark.parametrize("difference", [0.005, -0.005, 0.085, 0.0049999])
def test_nothing_is_suggested_where_no_number_of_seeds_would_help(difference):
    needed = seeds_needed(difference, 0.005, 0.002, n=5, level=0.95, design="paired")
    assert needed is pd.NA


@pytest.mark.parametrize("design", DESIGNS)
def test_any_spread_and_number_of_seeds_has_an_answer(design):
    """`solve_power` does not converge for spreads of a tenth of the margin."""
    random = np.random.default_rng(4)
    for _ in range(40):
        n = int(random.integers(1, 101))
        sd = 0.005 * 10 ** random.uniform(-8, 2)
        difference = random.uniform(-0.006, 0.006)
        needed = seeds_needed(difference, 0.005, sd, n=n, level=0.9875, design=design)
        assert needed is pd.NA or n < needed <= MOST_SEEDS
    assert seeds_needed(0, 0.005, 0, n=3, level=0.95, design=design) is pd.NA
