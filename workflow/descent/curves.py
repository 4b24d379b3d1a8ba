"""Smoothed curves and their confidence bands over seeds."""

import numpy as np
import pandas as pd
from scipy import stats

from descent.records import METRICS


def smooth(values, window):
    """Average every value with those around it: `window` values, at the ends as many as there are.

    An average with a value that is not finite, as a diverged run has them, is NaN.

    Parameters
    ----------
    values : numpy.ndarray
        (iterations, seeds).
    window : int
        Iterations; 1 leaves the values as they are.

    Returns
    -------
    numpy.ndarray
        (iterations, seeds), float64.
    """
    finite = np.isfinite(values)
    averaged, share_finite = (
        pd.DataFrame(part).rolling(window, min_periods=1, center=True).mean().to_numpy()
        for part in (np.where(finite, values, 0.0).astype(np.float64), finite.astype(np.float64))
    )
    return np.where(share_finite == 1, averaged, np.nan)


def t_band(values, confidence_level):
    """Compute the pointwise Student-t confidence interval of the mean over seeds.

    mean -+ t s / sqrt(n), with t the quantile of n - 1 degrees of freedom and s the sample standard
    deviation.

    Parameters
    ----------
    values : numpy.ndarray
        (iterations, seeds).
    confidence_level : float
        In (0, 1).

    Returns
    -------
    mean, lower, upper : numpy.ndarray
        (iterations,); the bounds are NaN for a single seed, which has no band.
    """
    n_seeds = values.shape[1]
    mean = values.mean(axis=1)
    if n_seeds == 1:
        return mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan)
    quantile = stats.t.ppf((1 + confidence_level) / 2, n_seeds - 1)
    half_width = quantile * values.std(axis=1, ddof=1) / np.sqrt(n_seeds)
    return mean, mean - half_width, mean + half_width


def curves(runs, *, smoothing_window, confidence_level):
    """Smooth each seed's curves, then compute mean and band over the seeds of each variant.

    Parameters
    ----------
    runs : dict
        Maps (variant, seed) to a DataFrame with the columns `descent.records.METRICS`, in the order
        of iterations, as `descent.records.read_runs` returns it.
    smoothing_window : int
        Iterations.
    confidence_level : float
        In (0, 1).

    Returns
    -------
    pandas.DataFrame
        variant, metric: categories; iteration: int32, from 1; mean, lower, upper: float64;
        n_seeds: int32.
    """
    frames = []
    for variant in dict.fromkeys(variant for variant, _ in runs):
        members = [frame for (name, _), frame in runs.items() if name == variant]
        for metric in METRICS:
            # a diverged run has fewer iterations: NaN stands for those that it lacks
            values = pd.concat([frame[metric] for frame in members], axis=1).to_numpy()
            mean, lower, upper = t_band(smooth(values, smoothing_window), confidence_level)
            iteration = np.arange(1, len(mean) + 1, dtype=np.int32)
            frame = pd.DataFrame({"iteration": iteration, "mean": mean})
            frame["lower"], frame["upper"] = lower, upper
            frame.insert(0, "variant", variant)
            frame.insert(1, "metric", metric)
            frame["n_seeds"] = np.int32(len(members))
            frames.append(frame)
    return pd.concat(frames, ignore_index=True).astype(
        {"variant": "category", "metric": "category"}
    )
