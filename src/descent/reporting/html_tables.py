"""The result tables as the report shows them: headings, units, rounding."""

import pandas as pd

from descent.reporting import wording

ABSENT = "-"
_QUANTITIES = {"test_accuracy": "accuracy (points)", "test_loss": "loss (nats)"}


def number(value, form, scale=1):
    """Format a number, or a dash if there is none."""
    return ABSENT if pd.isna(value) else wording.minus(format(scale * value, form))


def _interval(row, name, form, scale=1):
    return _ends(*(getattr(row, f"{name}_{side}") for side in ("lower", "upper")), form, scale)


def _ends(lower, upper, form, scale):
    if pd.isna(lower):
        return ABSENT
    return f"{number(lower, form, scale)} to {number(upper, form, scale)}"


def _difference(row, column):
    """Format a difference of the row's metric, or a dash if there is none."""
    value = getattr(row, column)
    return ABSENT if pd.isna(value) else wording.difference(value, row.metric)


def _deciding(row):
    """Format the interval that decides, with its level."""
    if pd.isna(row.level):
        return ABSENT
    ends = (_difference(row, f"ci_{side}") for side in ("lower", "upper"))
    return f"{' to '.join(ends)} ({wording.level(row.level)})"


def _improvement(row):
    """Format the probability of improvement with its interval."""
    if pd.isna(row.improvement):
        return ABSENT
    return f"{row.improvement:.2f} ({_interval(row, 'improvement', '.2f')})"


def _spread(value, sd, form, scale=1):
    spread = "" if pd.isna(sd) else f" ± {format(scale * sd, form)}"
    return number(value, form, scale) + spread


def _place(row, event):
    """Format the place where two rules differ: iteration, tensor, and seed and run or trial."""
    iteration = getattr(row, f"{event}_iteration")
    if pd.isna(iteration):
        return ABSENT
    tensor, seed, run = (getattr(row, f"{event}_{what}") for what in ("tensor", "seed", "run"))
    if row.on == "trials":
        return f"iteration {iteration:.0f}, {tensor} ({row.dtype}, with {row.trial})"
    return f"iteration {iteration:.0f}, {tensor} (seed {seed:.0f}, run {run:.0f})"


def _range(row, name, form):
    median, low, high = (getattr(row, f"{name}_{what}") for what in ("median", "min", "max"))
    if pd.isna(low):
        return ABSENT
    middle = "most missed" if pd.isna(median) else format(median, form)
    return f"{middle} ({low:{form}} to {high:{form}})"


#: What the tables of compared variants have in common.
_COMPARED = {
    "variant": lambda row: row.variant,
    "reference": lambda row: row.reference,
    "final": lambda row: _QUANTITIES[row.metric],
    "verdict": lambda row: row.verdict,
    "difference": lambda row: _difference(row, "difference"),
    "interval": _deciding,
    "margin": lambda row: wording.margin(row.margin, row.metric),
    "better": _improvement,
    "seeds": lambda row: f"{row.n} and {row.n_reference}, {row.design}",
}

#: For each table, its headings and what each shows of a row.
_COLUMNS = {
    "final_accuracy": {
        "variant": lambda row: row.variant,
        "mean ± sd (%)": lambda row: _spread(row.mean, row.sd, ".2f", 100),
        "seeds": lambda row: row.n,
        "diverged": lambda row: (
            f"{row.diverged}, at iteration {row.diverged_at}" if row.diverged else "none"
        ),
        "interval of the mean": lambda row: _interval(row, "ci", ".2f", 100),
        "lowest to highest": lambda row: _ends(row.min, row.max, ".2f", 100),
        "test loss (nats)": lambda row: number(row.test_loss, ".4f"),
    },
    "equivalence": _COMPARED
    | {
        "seeds needed": lambda row: number(row.seeds_needed, ".0f"),
    },
    "pairs": {name: show for name, show in _COMPARED.items() if name != "final"},
    "parity": {
        "variant": lambda row: row.variant,
        "reference": lambda row: row.reference,
        "compared on": lambda row: row.on if row.on == "trials" else f"{row.on}, {row.dtype}",
        "seeds": lambda row: number(row.n, ".0f"),
        "iterations": lambda row: number(row.iterations, ".0f"),
        "verdict": lambda row: row.verdict,
        "largest difference": lambda row: number(row.largest_difference, ".2g"),
        "share of the tolerance": lambda row: number(row.share_of_tolerance, ".2g"),
        "decided by": lambda row: ABSENT if pd.isna(row.decided_by) else row.decided_by,
        "bits first differ at": lambda row: _place(row, "first"),
        "tolerance first exceeded at": lambda row: _place(row, "different"),
    },
    "selection": {
        "sweep": lambda row: row.variant,
        "combination": lambda row: row.hyperparameters,
        "epochs": lambda row: row.epochs,
        "seeds": lambda row: row.n,
        "diverged": lambda row: row.diverged or "none",
        "validation accuracy (%)": lambda row: _spread(
            row.validation_accuracy, row.validation_accuracy_sd, ".2f", 100
        ),
        "validation loss (nats)": lambda row: number(row.validation_loss, ".4f"),
        "selected": lambda row: "" if pd.isna(row.selected_as) else f"as {row.selected_as}",
    },
    "targets": {
        "variant": lambda row: row.variant,
        "target (%)": lambda row: number(row.target, "g", 100),
        "reached": lambda row: f"{row.reached} of {row.n} runs",
        "iterations, median (range)": lambda row: _range(row, "iterations", ".0f"),
        "seconds, median": lambda row: number(row.seconds_median, ".3g"),
        "milliseconds per iteration": lambda row: number(row.seconds_per_iteration, ".3g", 1000),
    },
    "untrained": {
        "variant": lambda row: row.variant,
        "seeds": lambda row: row.n,
        "test loss (nats)": lambda row: _spread(row.test_loss, row.test_loss_sd, ".4f"),
        "test accuracy (%)": lambda row: _spread(
            row.test_accuracy, row.test_accuracy_sd, ".2f", 100
        ),
        "forward pass": lambda row: (
            f"{row.forward_images} images in {number(row.forward_seconds, '.3g', 1000)} ms"
        ),
    },
}


def shown(table, name):
    """Format the cells of a table for the report.

    Parameters
    ----------
    table : pandas.DataFrame
    name : str
        The name of its file: `final_accuracy`, `equivalence`, `pairs`, `parity`, `selection`,
        `targets` or `untrained`.

    Returns
    -------
    dict
        `headings`, a list of text, and `rows`, a list of lists of text.
    """
    columns = _COLUMNS[name]
    rows = [[str(show(row)) for show in columns.values()] for row in table.itertuples(index=False)]
    return {"headings": list(columns), "rows": rows}
