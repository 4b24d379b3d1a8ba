"""Which combinations of a sweep are the best, by their validation images."""

import pandas as pd

from descent.analysis.final import final_rows
from descent.errors import SelectionError
from descent.experiment.sweeps import describe


def select(runs, diverged, combinations, followers):
    """Rank the combinations of a rung of a sweep and select the best ones.

    The best one has the highest mean validation accuracy after the last epoch, and among equals the
    lowest mean validation loss. Combinations of which a run diverged come last.

    Parameters
    ----------
    runs : dict
        Maps (combination, seed) to a DataFrame with the columns
        `descent.metrics.VALIDATION_METRICS`, in the order of epochs.
    diverged : collection
        Of the runs that diverged.
    combinations : dict
        Maps each combination of the sweep to its settings.
    followers : list of str
        The variants that the best combinations are trained as next, see `descent.experiment.halving.Rung`.

    Returns
    -------
    pandas.DataFrame
        One row for each combination with runs, in the order of `combinations`: combination, its
        hyperparameters (text), n runs, how many of them diverged, and of those that completed the
        mean validation_accuracy, in [0, 1], with its sample standard deviation
        validation_accuracy_sd, and the mean validation_loss, in nats; and selected_as, the follower
        that it is trained as, missing if it is dropped.

    Raises
    ------
    SelectionError
        If runs of every combination diverged.
    """
    table = (
        final_rows(runs, diverged)
        .groupby("variant", sort=False)
        .agg(
            n=("validation_loss", "size"),
            completed=("validation_loss", "count"),
            validation_accuracy=("validation_accuracy", "mean"),
            validation_accuracy_sd=("validation_accuracy", "std"),
            validation_loss=("validation_loss", "mean"),
        )
    )
    table = table.loc[[name for name in combinations if name in table.index]]
    table.insert(1, "diverged", table["n"] - table.pop("completed"))
    if table["diverged"].all():
        raise SelectionError(
            f"runs of every combination diverged: {', '.join(table.index)}; sweep over other "
            "values, such as smaller learning rates"
        )
    ranked = table.assign(lost=table["diverged"] > 0).sort_values(
        ["lost", "validation_accuracy", "validation_loss"],
        ascending=[True, False, True],
        kind="stable",
    )
    sweep = list(combinations.values())
    texts = [describe(combinations[name], sweep) for name in table.index]
    table.insert(0, "hyperparameters", texts)
    best = ranked.index[: len(followers)]
    table["selected_as"] = pd.Series(followers, best)
    return table.rename_axis("combination").reset_index()


def follow(table, combinations, sweep):
    """Say what the variants that follow a rung are trained with.

    Parameters
    ----------
    table : pandas.DataFrame
        From `select`.
    combinations : dict
        As there.
    sweep : str
        The variant that is selected from the sweep in the end.

    Returns
    -------
    dict
        Maps each follower to its `settings`, and to the `variant` whose random streams it has: in
        the next rung those of the same combination, whose runs are thus the same for more epochs.
    """
    kept = table.dropna(subset="selected_as")
    return {
        row.selected_as: {
            "variant": sweep if row.selected_as == sweep else row.combination,
            "settings": combinations[row.combination],
        }
        for row in kept.itertuples()
    }


def final_values(runs, diverged):
    """Gather the last validation loss and accuracy of every run, NaN for those that diverged.

    Returns
    -------
    pandas.DataFrame
        `combination`, `seed` and `descent.metrics.VALIDATION_METRICS`.
    """
    return final_rows(runs, diverged).rename(columns={"variant": "combination"})


def gather(tables):
    """Put the tables of the rungs of several sweeps one below the other.

    Parameters
    ----------
    tables : list of (str, pandas.DataFrame)
        The variant that is selected from the sweep in the end, and a table of `select`.
    """
    named = [table.assign(variant=variant) for variant, table in tables]
    gathered = pd.concat(named, ignore_index=True)
    return gathered[["variant", *gathered.columns.drop("variant")]]
