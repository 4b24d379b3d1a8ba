"""The catalog of wrong update rules: how many a check catches and names, and how many tests catch.

`make mutants` runs this on every third mutant, and writes mutants.json and mutants.md next to this
file. `--all` takes all of them, which takes about an hour on two cores.
"""

import argparse
import json
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pandas as pd
import torch
from tqdm import tqdm

from descent.errors import RuleError
from descent.parity.catalog import MUTANTS, make
from descent.parity.check import check
from descent.provenance import provenance
from published_tests import TESTS, failed

HERE = Path(__file__).parent

#: Unless asked for all, one mutant in so many is judged.
EVERY = 3

#: Iterations of a check, or some more than a mistake needs to show.
ITERATIONS, MORE = 100, 20

#: Iterations for Muon, each of which takes ten times as long as another rule's.
OF_MUON = 25

#: The file of a user who makes a mistake.
FILE = """
import inspect

from descent.parity.catalog import MUTANTS, make

wrong = make(MUTANTS[{number}])


def {rule}(parameters, gradients, state, **settings):
    wrong(parameters, gradients, state, **settings)


{rule}.__signature__ = inspect.signature(wrong)
"""

#: What names a mistake that shows before any comparison, or without a difference in steps.
OTHER_WORDS = {
    "replaced_parameters": "in place",
    "state_of_networks": "outside `state`",
    "betas_swapped": "its betas in the opposite order",
    "eps_swapped": "its eps in the opposite order",
    "etas_swapped": "its etas in the opposite order",
    "always_amsgrad": "amsgrad=True",
    "amsgrad_ignored": "amsgrad=False",
    "maximize_ignored": "maximize=False",
    "decoupled": "decoupled_weight_decay=True",
}


def verdict_of(number):
    """Check a mutant, given its place in the catalog: whether it is caught, and the first hint."""
    mutant = MUTANTS[number]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "wrong.py"
        file.write_text(FILE.format(number=number, rule=mutant.rule))
        try:
            report = check(
                f"{file}:{mutant.rule}",
                f"scratch.{mutant.rule}",
                mutant.settings,
                iterations=max(
                    OF_MUON if mutant.rule == "muon" else ITERATIONS, mutant.late + MORE
                ),
            )
        except RuleError as error:
            return True, str(error).replace(folder, "")
    return not report.passed, next(iter(report.hints), "")


def judge(number):
    """Return everything about a mutant, as a row."""
    torch.set_num_threads(1)
    mutant = MUTANTS[number]
    caught, hint = verdict_of(number)
    words = [mutant.says, OTHER_WORDS.get(mutant.name, mutant.says)]
    return {
        "rule": mutant.rule,
        "mutant": mutant.name,
        "says": mutant.says,
        "caught": caught,
        "named": caught and any(each in hint for each in words),
        "hint": hint,
        **failed(mutant.rule, make(mutant), mutant.settings),
    }


def judge_all(numbers):
    """Judge mutants in parallel; return a row for each."""
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return pd.DataFrame(tqdm(pool.map(judge, numbers), total=len(numbers)))


def page_of(rows):
    """Write the rows as Markdown."""
    columns = ["caught", "named", *TESTS]
    groups = rows.groupby("rule", sort=False)
    table = groups[columns].sum()
    table.insert(0, "mutants", groups.size())
    table.loc["total"] = table.sum()
    missed = rows.loc[~rows["caught"], ["rule", "mutant", "says"]]
    unnamed = rows.loc[rows["caught"] & ~rows["named"], ["rule", "mutant", "says", "hint"]]
    versions = provenance()
    return "\n\n".join(
        [
            "# Wrong update rules: caught, named, and missed",
            f"Made by `make mutants` on {versions['cpu']} with torch {versions['torch']}. "
            f"{len(rows)} of the {len(MUTANTS)} wrong update rules of the "
            "[catalog](../src/descent/parity/catalog/__init__.py), here called mutants, are "
            f"checked against the right one for {ITERATIONS} iterations ({OF_MUON} for Muon), or "
            f"{MORE} more than the mistake needs to show, at hyperparameters at which it matters. "
            "A mutant is named if the first hint has the words of the catalog.",
            "The other columns are the numbers that fail tests as they are common in courses and "
            "libraries, at the same hyperparameters but for the learning rate, on a small problem "
            "of least squares:",
            "\n".join(f"- {name}: {what};" for name, what in TESTS.items())[:-1] + ".",
            table.astype(int).reset_index().to_markdown(index=False),
            "## Not caught",
            missed.to_markdown(index=False) if len(missed) else "None.",
            "## Caught, but not named",
            unnamed.to_markdown(index=False) if len(unnamed) else "None.",
        ]
    )


def main():
    """Judge mutants and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="every mutant, not every third one")
    parser.add_argument("--rule", action="append", help="print the page of this rule's mutants")
    options = parser.parse_args()
    numbers = range(0, len(MUTANTS), 1 if options.all or options.rule else EVERY)
    rows = judge_all([n for n in numbers if not options.rule or MUTANTS[n].rule in options.rule])
    if options.rule:
        print(page_of(rows))
        return
    (HERE / "mutants.md").write_text(page_of(rows) + "\n")
    results = provenance() | {"mutants": json.loads(rows.to_json(orient="records"))}
    (HERE / "mutants.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
