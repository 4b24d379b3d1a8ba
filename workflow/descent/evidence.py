"""Statistics over seeds."""

from scipy import stats

from descent.records import final_rows


def final_accuracy(runs, *, confidence_level):
    """Summarise the final test accuracy and loss of every variant over its seeds.

    Parameters
    ----------
    runs : dict
        Maps (variant, seed) to a DataFrame with the columns `test_accuracy`, in [0, 1], and
        `test_loss`, in nats, in the order of epochs.
    confidence_level : float
        Of the Student-t interval of the mean accuracy, in (0, 1).

    Returns
    -------
    pandas.DataFrame
        One row for each variant: n seeds; mean, sd (sample standard deviation), ci_lower, ci_upper,
        min, max of the final test accuracy; test_loss, the mean final test loss. The standard
        deviation and the interval of a single seed are NaN.
    """
    table = (
        final_rows(runs)
        .groupby("variant", sort=False)
        .agg(
            n=("test_accuracy", "size"),
            mean=("test_accuracy", "mean"),
            sd=("test_accuracy", "std"),
            sem=("test_accuracy", "sem"),
            min=("test_accuracy", "min"),
            max=("test_accuracy", "max"),
            test_loss=("test_loss", "mean"),
        )
    )
    half_width = stats.t.ppf((1 + confidence_level) / 2, table["n"] - 1) * table.pop("sem")
    table.insert(3, "ci_lower", table["mean"] - half_width)
    table.insert(4, "ci_upper", table["mean"] + half_width)
    return table.reset_index()
