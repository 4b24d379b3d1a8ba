"""Bands around a mean curve, checked against scipy and against simulated coverage."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy import stats

from descent.analysis.bands import KINDS, band

PROJECT = Path(__file__).parents[3]


@cache
def smooth_gaussian_curves(n_seeds, repetitions, length=0.05, n_iterations=100):
    """Curves of mean 0, (iterations, repetitions, seeds); their sd rises from 1 to 5."""
    position = np.linspace(0, 1, n_iterations)
    correlation = np.exp(-((position[:, None] - position) ** 2) / (2 * length**2))
    root = np.linalg.cholesky(correlation + 1e-9 * np.eye(n_iterations))
    noise = np.random.default_rng(0).normal(size=(n_iterations, repetitions * n_seeds))
    curves = (1 + 4 * position[:, None]) * (root @ noise)
    return curves.reshape(n_iterations, repetitions, n_seeds)


def covered(curves, kind, level=0.95):
    """Whether the band has the mean, 0, in it: (iterations, repetitions)."""
    bounds = [band(curves[:, repetition], kind, level) for repetition in range(curves.shape[1])]
    lower, upper = np.moveaxis(bounds, (1, 2, 0), (0, 1, 2))
    return (lower <= 0) & (upper >= 0)


def test_the_t_band_is_the_interval_of_scipy():
    values = np.random.default_rng(1).normal(size=(20, 5))
    expected = stats.ttest_1samp(values, 0, axis=1).confidence_interval(0.9)
    np.testing.assert_allclose(band(values, "t", 0.9), (expected.low, expected.high))


def test_the_t_band_of_five_seeds_covers_pointwise_as_often_as_it_says():
    # 2,000 repetitions of about 20 independent points: a standard error of 0.2 %
    inside = covered(smooth_gaussian_curves(5, 2000), "t")
    assert inside.mean() == pytest.approx(0.95, abs=0.01)
    assert inside.all(axis=0).mean() < 0.5  # the band is not simultaneous


@pytest.mark.parametrize(("n_seeds", "length"), [(2, 0.2), (3, 0.05), (5, 0.05), (20, 0.05)])
def test_the_simultaneous_band_covers_whole_curves_as_often_as_it_says(n_seeds, length):
    curves = smooth_gaussian_curves(n_seeds, 1000, length=length)
    inside = covered(curves, "simultaneous").all(axis=0)
    assert 0.94 <= inside.mean() <= 0.99


def test_the_simultaneous_band_of_rough_curves_is_that_of_bonferroni():
    values = np.random.default_rng(2).normal(size=(400, 5))
    expected = stats.ttest_1samp(values, 0, axis=1).confidence_interval(1 - 0.05 / 400)
    lower, upper = band(values, "simultaneous", 0.95)
    np.testing.assert_allclose((lower, upper), (expected.low, expected.high))


def test_the_simultaneous_band_of_one_iteration_is_the_t_band():
    values = np.random.default_rng(3).normal(size=(1, 5))
    np.testing.assert_allclose(band(values, "simultaneous", 0.9), band(values, "t", 0.9))


def test_the_bootstrap_band_is_that_of_scipy():
    values = np.random.default_rng(4).exponential(size=(50, 12))
    random = np.random.default_rng(5)
    expected = stats.bootstrap(
        (values,), np.mean, axis=1, method="percentile", confidence_level=0.9, rng=random
    ).confidence_interval
    lower, upper = band(values, "bootstrap", 0.9)
    error = values.std(axis=1) / np.sqrt(12)
    for ours, theirs in ((lower, expected.low), (upper, expected.high)):
        assert abs((ours - theirs) / error).max() < 0.3
        assert abs(((ours - theirs) / error).mean()) < 0.03
    np.testing.assert_array_equal((lower, upper), band(values, "bootstrap", 0.9))


def test_the_bootstrap_band_of_many_iterations_is_that_of_each():
    values = np.random.default_rng(5).normal(size=(2500, 4))
    bounds = band(values, "bootstrap", 0.95)
    for row in (0, 999, 1000, 2499):
        one = band(values[row : row + 1], "bootstrap", 0.95)
        np.testing.assert_allclose(np.array(bounds)[:, [row]], one)


def test_bands_of_the_spread():
    values = np.array([[1.0, 2.0, 6.0], [5.0, 5.0, 5.0]])
    sd = np.sqrt(7)
    np.testing.assert_allclose(band(values, "sd", 0.95), [[3 - sd, 5], [3 + sd, 5]])
    np.testing.assert_allclose(band(values, "minmax", 0.95), [[1, 5], [6, 5]])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind(kind):
    one = band(np.array([[1.0], [2.0]]), kind, 0.95)
    assert np.shape(one) == (2, 2) and np.isnan(one).all()
    assert np.shape(band(np.empty((0, 5)), kind, 0.95)) == (2, 0)
    alike = np.full((30, 5), 2.0)
    np.testing.assert_allclose(band(alike, kind, 0.95), np.full((2, 30), 2.0))


def test_the_schema_knows_the_kinds():
    schema = yaml.safe_load((PROJECT / "workflow/schemas/config.schema.yaml").read_text())
    allowed = schema["properties"]["curves"]["properties"]["band"]["enum"]
    assert set(allowed) == set(KINDS)
    assert all(f"`{kind}`" in (PROJECT / "docs/configuration.md").read_text() for kind in KINDS)
