"""The final values of runs, which tables, tests and selections start from."""

import numpy as np
import pandas as pd


def final_rows(runs, diverged):
    """Gather the last row of every run.

    Parameters
    ----------
    runs : dict
        As `descent.records.read_runs` returns it.
    diverged : collection
        Of the runs, (variant, seed), that diverged: they have no final values.

    Returns
    -------
    pandas.DataFrame
        `variant`, `seed` and the columns of the runs, in their order; NaN for the values of a run
        that diverged.
    """
    rows = [
        {"variant": variant, "seed": seed, **frame.iloc[-1]}
        for (variant, seed), frame in runs.items()
    ]
    table = pd.DataFrame(rows)
    table.loc[[run in diverged for run in runs], table.columns[2:]] = np.nan
    return table
