"""Summaries over a variant's runs: accuracy, time to a target, the untrained network."""

import numpy as np
import pandas as pd
from scipy.special import stdtrit  # scipy.stats takes a second to import

from descent.analysis.final import final_rows


def final_accuracy(runs, diverged, *, confidence_level):
    """Summarize the final test accuracy and loss of every variant over its seeds.

    Parameters
    ----------
    runs : dict
        Maps (variant, seed) to a DataFrame with the columns `test_accuracy`, in [0, 1], and
        `test_loss`, in nats, in the order of epochs.
    diverged : dict
        Maps each diverged run to the iteration at which it diverged.
    confidence_level : float
        The level of the Student-t interval of the mean accuracy, in (0, 1).

    Returns
    -------
    pandas.DataFrame
        One row for each variant: n, the number of seeds; diverged, how many of them diverged;
        diverged_at, at which iterations, text such as `12, 40`; over the completed runs, mean, sd
        (sample standard deviation), ci_lower, ci_upper, min and max of the final test accuracy, and
        test_loss, the mean final test loss. The standard deviation and the interval of a single run
        are NaN; if no run completed, all these statistics are.
    """
    table = (
        final_rows(runs, diverged)
        .groupby("variant", sort=False)
        .agg(
            n=("test_accuracy", "size"),
            completed=("test_accuracy", "count"),
            mean=("test_accuracy", "mean"),
            sd=("test_accuracy", "std"),
            sem=("test_accuracy", "sem"),
            min=("test_accuracy", "min"),
            max=("test_accuracy", "max"),
            test_loss=("test_loss", "mean"),
        )
    )
    completed = table.pop("completed")
    half_width = stdtrit(completed - 1, (1 + confidence_level) / 2) * table.pop("sem")
    table.insert(1, "diverged", table["n"] - completed)
    table.insert(2, "diverged_at", [_iterations(diverged, variant) for variant in table.index])
    table.insert(5, "ci_lower", table["mean"] - half_width)
    table.insert(6, "ci_upper", table["mean"] + half_width)
    return table.reset_index()


def _iterations(diverged, variant):
    """List the iterations at which runs of a variant diverged, as text."""
    return ", ".join(map(str, sorted(at for (name, _), at in diverged.items() if name == variant)))


def targets(runs, accuracies):
    """Find how many iterations and seconds each variant needs to reach a test accuracy.

    The test accuracy is measured after every epoch, so the resolution is one epoch. A run reaches a
    target at the first epoch with at least that accuracy, whatever follows, even if it diverges
    later. A run that never does is a miss: it has no time but ranks behind all runs that did, so
    the median of a variant is empty if it falls on a miss.

    Parameters
    ----------
    runs : dict
        Maps (variant, seed) to a DataFrame with the columns `iteration`, `test_accuracy` and
        `train_seconds`, in the order of epochs, epoch 0 being the first.
    accuracies : list of float
        In [0, 1].

    Returns
    -------
    pandas.DataFrame
        One row for each variant and target: n, the number of runs; reached, how many of them
        reached the target; iterations_median over all runs; iterations_min and iterations_max over
        those that reached it; seconds_median, of training alone, over all runs;
        seconds_per_iteration over all epochs of the variant.
    """
    rows = []
    for variant in dict.fromkeys(variant for variant, _ in runs):
        members = [frame for (name, _), frame in runs.items() if name == variant]
        seconds = sum(frame["train_seconds"].sum() for frame in members)
        iterations = sum(frame["iteration"].iloc[-1] for frame in members)
        for target in accuracies:
            times = pd.DataFrame([_time_to(target, frame) for frame in members])
            hits = times["iteration"][np.isfinite(times["iteration"])]
            medians = times.median().replace(np.inf, np.nan)
            rows.append(
                {
                    "variant": variant,
                    "target": target,
                    "n": len(members),
                    "reached": len(hits),
                    "iterations_median": medians["iteration"],
                    "iterations_min": hits.min(),
                    "iterations_max": hits.max(),
                    "seconds_median": medians["seconds"],
                    "seconds_per_iteration": seconds / iterations if iterations else np.nan,
                }
            )
    return pd.DataFrame(rows).astype({"iterations_min": "Int64", "iterations_max": "Int64"})


def _time_to(target, frame):
    """Return when a run reached a test accuracy; infinity if it never did."""
    reached = frame["test_accuracy"].to_numpy() >= target
    if not reached.any():
        return {"iteration": np.inf, "seconds": np.inf}
    first = reached.argmax()
    return {
        "iteration": frame["iteration"].iloc[first],
        "seconds": frame["train_seconds"].iloc[: first + 1].sum(),
    }


def untrained(runs, forward_passes):
    """Summarize the untrained networks of every variant.

    Parameters
    ----------
    runs : dict
        Maps (variant, seed) to a DataFrame with the columns `test_loss`, in nats, and
        `test_accuracy`, in [0, 1], in the order of epochs, epoch 0 being the first.
    forward_passes : dict
        Maps (variant, seed) to the number of `images` and the `seconds` of a forward pass.

    Returns
    -------
    pandas.DataFrame
        One row for each variant: n, the number of seeds; test_loss and test_accuracy (means), each
        followed by its sample standard deviation (`_sd`, NaN for a single seed); forward_images;
        and forward_seconds, the median over seeds of the time that one network takes for that many.
    """
    rows = [
        {"variant": run[0], **frame.iloc[0], **forward_passes[run]} for run, frame in runs.items()
    ]
    return (
        pd.DataFrame(rows)
        .groupby("variant", sort=False)
        .agg(
            n=("test_loss", "size"),
            test_loss=("test_loss", "mean"),
            test_loss_sd=("test_loss", "std"),
            test_accuracy=("test_accuracy", "mean"),
            test_accuracy_sd=("test_accuracy", "std"),
            forward_images=("images", "first"),
            forward_seconds=("seconds", "median"),
        )
        .reset_index()
    )
