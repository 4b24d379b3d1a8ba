"""Which combination of a sweep is the best, by its validation images."""

import pandas as pd

from descent.records import final_rows
from descent.sweeps import describe

#: Columns of the epochs that a selection looks at.
COLUMNS = ["validation_loss", "validation_accuracy"]


class SelectionError(ValueError):
    """No combination can be selected."""


def select(runs, diverged, combinations):
    """Rank the combinations of a sweep and select the best one.

    The best one has the highest mean validation accuracy after the last epoch, and among equals the
    lowest mean validation loss. A combination of which a run diverged cannot be selected.

    Parameters
    ----------
    runs : dict
        Maps (combination, seed) to a DataFrame with `COLUMNS`, in the order of epochs.
    diverged : collection
        Of the runs that diverged.
    combinations : dict
        Maps each combination to its settings.

    Returns
    -------
    pandas.DataFrame
        One row for each combination, in the order of `combinations`: combination, its
        hyperparameters (text), n runs, how many of them diverged, and of those that completed the
        mean validation_accuracy, in [0, 1], with its sample standard deviation
        validation_accuracy_sd, and the mean validation_loss, in nats; `selected`, True once.

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
        .loc[list(combinations)]
    )
    table.insert(1, "diverged", table["n"] - table.pop("completed"))
    complete = table[table["diverged"] == 0]
    if complete.empty:
        raise SelectionError(
            f"runs of every combination diverged: {', '.join(combinations)}; sweep over other "
            "values, such as smaller learning rates"
        )
    ranked = complete.sort_values(
        ["validation_accuracy", "validation_loss"], ascending=[False, True], kind="stable"
    )
    sweep = list(combinations.values())
    texts = [describe(settings, sweep) for settings in sweep]
    table.insert(0, "hyperparameters", texts)
    table["selected"] = table.index == ranked.index[0]
    return table.rename_axis("combination").reset_index()


def selected_settings(table, combinations):
    """Look up the settings of the combination that `select` selected."""
    return combinations[table.loc[table["selected"], "combination"].item()]


def final_values(runs, diverged):
    """Gather the last validation loss and accuracy of every run, NaN for those that diverged.

    Returns
    -------
    pandas.DataFrame
        `combination`, `seed` and `COLUMNS`.
    """
    return final_rows(runs, diverged).rename(columns={"variant": "combination"})


def gather(tables):
    """Put the tables of several sweeps one below the other.

    Parameters
    ----------
    tables : dict
        Maps the variant that was selected from each sweep to the table of `select`.
    """
    named = [table.assign(variant=variant) for variant, table in tables.items()]
    gathered = pd.concat(named, ignore_index=True)
    return gathered[["variant", *gathered.columns.drop("variant")]]
