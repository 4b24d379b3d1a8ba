"""Select the best combinations of a sweep by their results on the validation images."""

import pandas as pd

from descent.analysis.final import final_rows
from descent.errors import SelectionError
from descent.experiment.sweeps import describe


def select(runs, diverged, combinations, followers):
    """Rank the combinations of a rung of a sweep and select the best ones.

    The best one has the highest mean validation accuracy after the last epoch; ties go to the
    lowest mean validation loss. Combinations with a diverged run come last.

    Parameters
    ----------
    runs : dict
        Maps (combination, seed) to a DataFrame with the columns
        `descent.metrics.VALIDATION_METRICS`, in the order of epochs.
    diverged : collection
        The runs, (combination, seed), that diverged.
    combinations : dict
        Maps each combination of the sweep to its settings.
    followers : list of str
        The variants that the best combinations become next, see `descent.experiment.halving.Rung`.

    Returns
    -------
    pandas.DataFrame
        One row for each combination with runs, in the order of `combinations`: combination; its
        hyperparameters (text); n, the number of runs; diverged, how many of them diverged; over the
        completed runs, the mean validation_accuracy, in [0, 1], its sample standard deviation
        validation_accuracy_sd, and the mean validation_loss, in nats; and selected_as, the follower
        that it becomes, missing if it is dropped.

    Raises
    ------
    SelectionError
        If every combination has a diverged run.
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
            f"every combination has diverged runs: {', '.join(table.index)}; sweep over other "
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
    """Return how the variants that follow a rung are trained.

    Parameters
    ----------
    table : pandas.DataFrame
        Returned by `select`.
    combinations : dict
        As passed to `select`.
    sweep : str
        The variant that is finally selected from the sweep.

    Returns
    -------
    dict
        Maps each follower to its `settings`, and to the `variant` whose random streams it uses: in
        the next rung those of the same combination, so that its runs are the same, only longer.
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
    """Gather the last validation loss and accuracy of every run, NaN for diverged runs.

    Returns
    -------
    pandas.DataFrame
        `combination`, `seed` and `descent.metrics.VALIDATION_METRICS`.
    """
    return final_rows(runs, diverged).rename(columns={"variant": "combination"})


def gather(tables):
    """Concatenate the tables of the rungs of several sweeps.

    Parameters
    ----------
    tables : list of (str, pandas.DataFrame)
        The variant that is finally selected from the sweep, and a table returned by `select`.
    """
    named = [table.assign(variant=variant) for variant, table in tables]
    gathered = pd.concat(named, ignore_index=True)
    return gathered[["variant", *gathered.columns.drop("variant")]]
