"""Smoothed curves and their bands over seeds, over iterations or over epochs."""

import numpy as np
import pandas as pd

from descent.analysis import bands

_FIRST = {"iteration": 1, "epoch": 0}  # epoch 0 is the untrained network


def smooth(values: np.ndarray, window: int) -> np.ndarray:
    """Smooth with a centered moving average over `window` values, or fewer at the ends.

    Parameters
    ----------
    values : numpy.ndarray
        (iterations, seeds); NaN after the end of a run.
    window : int
        Iterations; 1 leaves the values unchanged.

    Returns
    -------
    numpy.ndarray
        (iterations, seeds), float64; NaN where `values` are.

    Examples
    --------
    >>> import descent
    >>> import numpy as np
    >>> losses = np.array([[4.0], [1.0], [1.0]])  # of one seed
    >>> descent.smooth(losses, window=3).ravel().tolist()
    [2.5, 2.0, 1.0]
    """
    averaged = pd.DataFrame(values, dtype=np.float64).rolling(window, min_periods=1, center=True)
    return np.where(np.isnan(values), np.nan, averaged.mean().to_numpy())


def curves(runs, *, smoothing_window, band, confidence_level, over="iteration", length=None):
    """Smooth each seed's curves, then compute mean and band over the seeds of each variant.

    A run ends where a value is not finite: it has diverged. Mean and band end there, too, because
    a mean of the remaining runs would be one of different runs. From there on, the runs are given
    one by one.

    Parameters
    ----------
    runs : dict
        Maps (variant, seed) to a DataFrame of metrics, one column each and the same in all runs, in
        the order of iterations or epochs, as returned by `descent.records.read_runs`.
    smoothing_window : int
        Rows; 1 leaves the values unchanged.
    band : str
        Key of `descent.analysis.bands.KINDS`.
    confidence_level : float
        In (0, 1).
    over : {"iteration", "epoch"}
        What a row is. The first iteration is 1; the first epoch is 0, the untrained network.
    length : int, optional
        Rows of a run that is complete; by default, those of the longest run. A shorter one has
        diverged.

    Returns
    -------
    pandas.DataFrame
        variant, metric: categories; iteration or epoch: int32; mean, lower, upper: float64, NaN
        once a seed has diverged, the bounds also for a single seed; n_seeds: int32; seed: Int32,
        missing in these rows. A variant with a diverged run has further rows for each of its seeds,
        from the last row before the first divergence to the end of the run: there, `mean` is the
        seed's smoothed value, NaN in the row in which it diverged.
    """
    frames = []
    length = length or max(map(len, runs.values()))
    for variant in dict.fromkeys(variant for variant, _ in runs):
        members = ended(runs, variant, length)
        for metric in next(iter(members.values())).columns:
            smoothed = smooth(together(members, metric), smoothing_window)
            table = over_seeds(smoothed, band, confidence_level)
            table[over] = np.arange(_FIRST[over], _FIRST[over] + len(table), dtype=np.int32)
            diverged = [len(frame) for frame in members.values() if frame[metric].isna().any()]
            if diverged:
                start = max(min(diverged) - 2, 0)
                parts = [
                    table[[over]].assign(mean=smoothed[:, column], seed=seed)[start : len(frame)]
                    for column, (seed, frame) in enumerate(members.items())
                ]
                table = pd.concat([table, *parts])
            frames.append(table.assign(variant=variant, metric=metric, n_seeds=len(members)))
    types = {"variant": "category", "metric": "category", "n_seeds": "int32", "seed": "Int32"}
    columns = ["variant", "metric", over, "mean", "lower", "upper", "n_seeds", "seed"]
    return pd.concat(frames, ignore_index=True).reindex(columns=columns).astype(types)


def ended(runs, variant, length):
    """Map the seeds of a variant to their runs, each until it ends.

    The last row of a run that diverged is NaN; the others have no such row. Only the runs of this
    variant are taken from `runs`, which may read them then.
    """
    return {seed: _end(runs[name, seed], length) for name, seed in runs if name == variant}


def together(members, metric):
    """Put a metric of the seeds of a variant, as from `ended`, side by side: (rows, seeds)."""
    dtype = next(iter(members.values()))[metric].dtype
    values = np.full((max(map(len, members.values())), len(members)), np.nan, dtype)
    for column, frame in enumerate(members.values()):
        values[: len(frame), column] = frame[metric]
    return values


def _end(frame, length):
    """Cut a run before its first row that is not finite, and set that row to NaN.

    A run that is shorter than `length` diverged after its last row.
    """
    frame = frame.reset_index(drop=True)
    not_finite = np.flatnonzero(~np.isfinite(frame).all(axis=1))
    end = not_finite[0] if len(not_finite) else len(frame)
    return frame.iloc[:end].reindex(range(min(end + 1, length)))


def over_seeds(values, band, confidence_level):
    """Compute the mean and its band for smoothed values, (rows, seeds), in each row."""
    end = np.isfinite(values).all(axis=1).sum()
    bounds = np.full((2, len(values)), np.nan)
    bounds[:, :end] = bands.band(values[:end], band, confidence_level)
    return pd.DataFrame({"mean": values.mean(axis=1), "lower": bounds[0], "upper": bounds[1]})
