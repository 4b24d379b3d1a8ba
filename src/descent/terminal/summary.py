"""What is run, and what a finished run has found, in a few lines."""

import csv
import os
from pathlib import Path

from descent.reporting.wording import experiment

_ROWS = 20
_LINES = 10
_MEMBERS = 6

#: How `workflow/scripts/report.py` begins a line of its log with the verdict on a variant.
_VERDICT = "Verdict: "


def announcement(config, comparisons):
    """Say what is run.

    Parameters
    ----------
    config : dict
        Resolved by `descent.experiment.configuration.resolve`.
    comparisons : dict
        See `descent.experiment.sweeps.compared`.

    Returns
    -------
    list of str
    """
    lines = [f"{config['name']}: {experiment(config)}"]
    for name, members in comparisons.items():
        shown, more = list(members)[:_MEMBERS], len(members) - _MEMBERS
        lines.append(f"  {name}: {', '.join(shown)}" + f" and {more} more" * (more > 0))
    more = len(comparisons) - _LINES
    return lines[: 1 + _LINES] + [f"  and {more} more comparisons"] * (more > 0)


def summary(folder, made, runs, begun):
    """Say what a run has found, and where it is.

    Parameters
    ----------
    folder : path
        That of the results.
    made : set of str
        The files that were asked for or made on the way. Nothing is said of others, which may be of
        another configuration.
    runs : list of str
        One file for each training run in `made`.
    begun : float
        When Snakemake started, in seconds since the epoch of `time.time`: runs with older files
        were reused.

    Returns
    -------
    list of str
    """
    there = {file for file in made if os.path.exists(file)}
    lines = []
    if (page := f"{folder}/report.html") in there:
        lines += _verdicts(Path(folder) / "logs" / "report.log")
    if (table := f"{folder}/tables/final_accuracy.csv") in there:
        lines += accuracies(table)
    if runs := [run for run in runs if run in there]:
        reused = sum(os.stat(run).st_mtime < begun for run in runs)
        lines.append(f"Training runs: {len(runs) - reused} new, {reused} reused.")
    if page in there:
        lines.append(f"Report: {page}")
    elif there:
        lines.append(f"Results: {folder}")
    return lines


def _verdicts(log):
    try:
        lines = log.read_text(encoding="utf-8").splitlines()
    except OSError:  # logs may be removed
        return []
    found = [line.removeprefix(_VERDICT) for line in lines if line.startswith(_VERDICT)]
    more = len(found) - _LINES
    return found[:_LINES] + [f"and {more} more verdicts, in the report"] * (more > 0)


def accuracies(file):
    """Format the table of final accuracies for a terminal.

    Parameters
    ----------
    file : path
        Written by `descent.reporting.accuracy_table.write_final_accuracy` as CSV.

    Returns
    -------
    list of str
        A heading, and a line per variant; of more than twenty, the first ones.
    """
    with open(file, encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    cells = [("final test accuracy", "mean", "sd", "interval", "seeds")]
    for row in rows[:_ROWS]:
        mean, sd, lower, upper = (
            f"{100 * float(row[key]):.2f}" if row[key] else "-"
            for key in ("mean", "sd", "ci_lower", "ci_upper")
        )
        interval = "-" if "-" in (lower, upper) else f"{lower} to {upper}"
        diverged = f", {row['diverged']} diverged" if int(row["diverged"]) else ""
        percent = "" if mean == "-" else " %"
        cells.append((row["variant"], mean + percent, sd, interval, row["n"] + diverged))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join([name.ljust(widths[0]), *map(str.rjust, numbers, widths[1:-1]), seeds]).rstrip()
        for name, *numbers, seeds in cells
    ]
    more = len(rows) - _ROWS
    return lines + [f"and {more} more variants: {file}"] * (more > 0)
