"""The final values of runs, on which tables, tests and selections are based."""

import numpy as np
import pandas as pd


def final_rows(runs, diverged):
    """Gather the last row of every run.

    Parameters
    ----------
    runs : dict
        As returned by `descent.records.read_runs`.
    diverged : collection
        The runs, (variant, seed), that diverged; they have no final values.

    Returns
    -------
    pandas.DataFrame
        `variant`, `seed` and the columns of the runs, in the order of `runs`; the values of a
        diverged run are NaN.
    """
    rows = [
        {"variant": variant, "seed": seed, **frame.iloc[-1]}
        for (variant, seed), frame in runs.items()
    ]
    table = pd.DataFrame(rows)
    table.loc[[run in diverged for run in runs], table.columns[2:]] = np.nan
    return table
