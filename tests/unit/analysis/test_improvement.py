"""The probability of improvement and its interval, checked against scipy and simulation."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from descent.analysis.improvement import improvement


def test_independent_seeds_give_the_effect_of_mann_and_whitney():
    random = np.random.default_rng(0)
    ours, theirs = random.integers(0, 5, 7), random.integers(0, 5, 9)  # with ties
    probability, lower, upper = improvement(ours, theirs, "independent")
    assert probability == pytest.approx(stats.mannwhitneyu(ours, theirs).statistic / 63)
    assert 0 <= lower < probability < upper <= 1
    turned = improvement(theirs, ours, "independent")
    assert turned == pytest.approx((1 - probability, 1 - upper, 1 - lower))


def test_paired_seeds_give_the_share_of_seeds():
    ours, theirs = np.array([3, 3, 1, 5]), np.array([2, 2, 1, 6])
    probability, *interval = improvement(ours, theirs, "paired")
    assert probability == 2.5 / 4
    assert interval == pytest.approx(proportion_confint(2.5, 4, method="wilson"))


@pytest.mark.parametrize("design", ["independent", "paired"])
@pytest.mark.parametrize("n", [1, 2, 5, 100])
def test_seeds_that_all_agree_leave_some_doubt(design, n):
    above = improvement(np.ones(n), np.zeros(n), design)
    assert above[0] == above[2] == 1 and 0 < above[1] < 1
    below = improvement(np.zeros(n), np.ones(n), design)
    assert below == pytest.approx([1 - above[0], 0, 1 - above[1]])
    same = improvement(np.ones(n), np.ones(n), design)
    assert same[0] == 0.5 and same[1] == pytest.approx(1 - same[2])


@pytest.mark.parametrize("design", ["independent", "paired"])
@pytest.mark.parametrize(("shift", "n"), [(0, 5), (1, 5), (1, 20), (2, 10)])
def test_the_interval_holds_about_as_often_as_it_says(design, shift, n):
    """A mutant that takes the variance at the estimate (Wald) holds in 80 % with 5 seeds."""
    random = np.random.default_rng(1)
    true, hits = stats.norm.cdf(shift / np.sqrt(2)), []
    for _ in range(300):
        ours, theirs = random.normal(shift, 1, n), random.normal(0, 1, n)
        _, lower, upper = improvement(ours, theirs, design)
        hits.append(lower <= true <= upper)
    assert np.mean(hits) >= 0.91


def test_a_diverged_run_leaves_nothing():
    assert np.isnan(improvement(np.array([1, np.nan]), np.ones(2), "paired")).all()
