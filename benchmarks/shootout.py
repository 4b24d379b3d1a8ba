"""The table of the study of twelve optimizers, from the tables of its results.

`make shootout` runs config/shootout.yaml, and then this, which writes shootout.json and
shootout.md. docs/shootout.md has the same table.
"""

import sys
from pathlib import Path

import pandas as pd
import yaml
from tabulate import tabulate

from descent.analysis.decision import DIFFERENT, UNCLEAR
from descent.experiment.sweeps import sweep_of
from descent.provenance import provenance
from descent.records import read_metadata
from publish import publish

#: Points of validation accuracy within which a learning rate is about as good as the best one.
PLATEAU = 1


def main():
    """Write the table of the results in a folder."""
    folder = Path(sys.argv[1])
    config = yaml.safe_load((folder / "config.yaml").read_text())
    result = {
        "rows": rows(folder, config),
        "targets": config["targets"]["accuracy"],
        "job_seconds": job_seconds(folder),
        "packages": packages(folder),
        **provenance(),
    }
    publish("shootout", result, page(result))


def rows(folder, config):
    """Describe each optimizer, from the first rank to the last.

    Its rank is one more than the number of optimizers that are shown to be better: whose
    difference from it has an interval that excludes 0 and is not inside the margin.
    """
    tables = {
        name: pd.read_csv(folder / "tables" / f"{name}.csv")
        for name in ("final_accuracy", "pairs", "selection", "targets")
    }
    [members] = config["comparisons"].values()
    times = tables["targets"].set_index(["variant", "target"])
    pairs = tables["pairs"]
    worse = pairs.loc[pairs["verdict"].isin([DIFFERENT, UNCLEAR]), "variant"].value_counts()
    found = []
    for row in tables["final_accuracy"].itertuples():
        name, time = sweep_of(row.variant), times.loc[row.variant]
        rates = members[name]["lr"]
        first = pd.read_csv(folder / "selection" / f"{name}_rung_1.csv")
        tried = first.set_index("combination")
        selection = tables["selection"].set_index("selected_as")
        chosen = list(tried.index).index(selection.loc[row.variant, "combination"])
        accuracies = tried["validation_accuracy"].where(tried["diverged"] == 0)
        found.append(
            {
                "optimizer": name,
                "rank": 1 + int(worse.get(row.variant, 0)),
                **{key: getattr(row, key) for key in ("mean", "ci_lower", "ci_upper", "n")},
                "diverged": row.diverged,
                "reached": time["reached"].tolist(),
                "iterations": _or_none(time["iterations_median"]),
                "seconds": _or_none(time["seconds_median"]),
                "seconds_per_iteration": time["seconds_per_iteration"].iloc[0],
                "lr": rates[chosen],
                "place": chosen + 1,
                "rates": len(rates),
                "plateau": int((accuracies >= accuracies.max() - PLATEAU / 100).sum()),
                "diverged_rates": int((tried["diverged"] > 0).sum()),
            }
        )
    return sorted(found, key=lambda each: (each["rank"], -each["mean"]))


def _or_none(medians):
    """List medians, None where most runs missed the target: JSON has no NaN."""
    return [None if pd.isna(median) else median for median in medians]


def job_seconds(folder):
    """Add up the seconds of all jobs, which two cores share."""
    files = (folder / "logs").glob("*.benchmark.tsv")
    return float(sum(pd.read_csv(file, sep="\t")["s"].sum() for file in files))


def packages(folder):
    """Return the versions of the packages that the optimizers are from."""
    found = {}
    for run in folder.glob("epochs/*_selected"):
        found |= read_metadata(next(run.iterdir())).get("packages", {})
    return dict(sorted(found.items()))


def page(result):
    """Return the page with the table."""
    versions = ", ".join(f"{name} {version}" for name, version in result["packages"].items())
    return (
        "# Twelve optimizers\n\n"
        f"Made by `make shootout` on {result['cpu']}, with torch {result['torch']}, {versions}. "
        f"Its jobs took {result['job_seconds'] / 60:.0f} minutes in all. "
        "[What it means](../docs/shootout.md).\n\n"
        f"{table(result)}\n"
    )


def table(result):
    """Return the table in Markdown."""
    shown = []
    for row in result["rows"]:
        accuracy = [f"{100 * row[key]:.2f}" for key in ("mean", "ci_lower", "ci_upper")]
        entry = {
            "rank": row["rank"],
            "optimizer": row["optimizer"],
            "test accuracy (%)": "{} ({} to {})".format(*accuracy),
        }
        for index, target in enumerate(result["targets"]):
            entry[f"iterations to {100 * target:g} %"] = _time(row, index)
        entry["learning rate"] = f"{row['lr']:g}"
        entry["rates near the best"] = f"{row['plateau']} of {row['rates']}"
        shown.append(entry)
    return tabulate(shown, headers="keys", tablefmt="github", disable_numparse=True)


def _time(row, index):
    """Write the median of the iterations to a target, or how many runs reached it."""
    median, reached = row["iterations"][index], row["reached"][index]
    if median is None:
        return f"{reached} of {row['n']}"
    return f"{median:,.0f}"


if __name__ == "__main__":
    main()
