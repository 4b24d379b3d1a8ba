"""Parity on MNIST: all wrong update rules should be called different, and no correct one.

`make mutants` runs this in about five minutes; it writes mutants.json and mutants.md next to this
file.
"""

import inspect
import json
import sys
from functools import partial
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from correct_momentum import CORRECT
from descent.data.prepared import load_prepared
from descent.optimizers.step import bind, make_step
from descent.parity.mutants import MUTANTS, forgotten_velocity, learning_rate_in_velocity
from descent.parity.replay import halved, replay
from descent.parity.verdict import DIFFERENT, parity
from descent.provenance import provenance
from descent.training.settings import TrainingSettings

HERE = Path(__file__).parent
TRAINING = TrainingSettings(root_seed=0, seeding="independent", hidden=[100, 100], batch_size=128)
ITERATIONS = 500
SETTINGS = [(0.001, 0.9), (0.01, 0.9), (0.01, 0.99), (0.05, 0.5), (0.1, 0.8)]  # lr, momentum
SEED_SETS = [[0], [1]]
TOGETHER = 8  # mutants per training of the reference


def judge(data, rules, lr, momentum, seeds, schedule=None):
    """Compare rules, a dict of functions, with torch's momentum; return the parity table."""
    settings = {"lr": lr, "momentum": momentum}
    makers = {
        "torch": partial(make_step, "torch.optim.SGD", hyperparameters=settings),
        **{name: partial(bind, rule, hyperparameters=settings) for name, rule in rules.items()},
    }
    trace = replay(
        data,
        makers,
        "torch",
        seeds,
        training=TRAINING,
        iterations=ITERATIONS,
        schedule=schedule,
    )
    return parity({"momentum": trace}, {"momentum": "torch"}, len(seeds))


def named(rules):
    """Map the name of each rule, without underscores, to the rule."""
    return {rule.__name__.replace("_", " "): rule for rule in rules}


def judge_mutants(data, progress):
    """Judge every mutant with five seeds, at the lab's lr of 0.01 and momentum of 0.9."""
    tables = []
    rules = list(named(MUTANTS).items())
    rules += [("forgotten velocity, at 450", partial(forgotten_velocity, at=450))]
    for start in range(0, len(rules), TOGETHER):
        chosen = dict(rules[start : start + TOGETHER])
        tables.append(judge(data, chosen, 0.01, 0.9, [0, 1, 2, 3, 4]))
        progress.update(len(chosen))
    rules, schedule = named([learning_rate_in_velocity]), halved(0.01, ITERATIONS)
    for label, changes in (("constant", None), ("halved", schedule)):
        table = judge(data, rules, 0.01, 0.9, [0, 1, 2, 3, 4], changes)
        tables.append(table.assign(variant=table["variant"] + f", lr {label}"))
        progress.update()
    return pd.concat(tables)


def judge_correct(data, progress):
    """Judge a hundred correct runs: ten formulas, five settings, two seeds."""
    tables = []
    for lr, momentum in SETTINGS:
        for seeds in SEED_SETS:
            table = judge(data, named(CORRECT), lr, momentum, seeds)
            tables.append(table.assign(lr=lr, momentum=momentum, seed=seeds[0]))
            progress.update(len(CORRECT))
    return pd.concat(tables)


def describe(name):
    """Return the first line of a mutant's docstring, with the iteration if it has one."""
    rule = named([*MUTANTS, learning_rate_in_velocity])[name.partition(",")[0]]
    line, at = inspect.getdoc(rule).splitlines()[0], name.partition(", at ")[2]
    return line.replace("at iteration 50", f"at iteration {at}") if at else line


def write_page(mutants, correct):
    """Write both tables as Markdown."""
    wide = mutants.pivot(index="variant", columns="dtype")
    place = wide["different_iteration"]["float64"].astype(object).fillna("-")
    tensor = wide["different_tensor"]["float64"].astype(object).fillna("")
    caught = pd.DataFrame(
        {
            "mutant": wide.index,
            "what it does": [describe(name) for name in wide.index],
            "float32": wide["verdict"]["float32"].to_numpy(),
            "float64": wide["verdict"]["float64"].to_numpy(),
            "from iteration": [f"{i} {t}".strip() for i, t in zip(place, tensor, strict=True)],
            "difference / bound": wide["share_of_bound"]["float64"].map("{:.2g}".format).to_numpy(),
        }
    )
    verdicts = correct.groupby(["variant", "dtype"])["verdict"].value_counts().unstack(fill_value=0)
    largest = correct.groupby(["variant", "dtype"])["share_of_bound"].max().rename("largest share")
    runs = correct.groupby(["variant", "lr", "momentum", "seed"])["verdict"].agg(set)
    alarms = sum(DIFFERENT in verdict for verdict in runs)
    different = mutants.groupby("variant")["verdict"].agg(lambda values: DIFFERENT in set(values))
    versions = provenance()
    page = [
        "# Parity: wrong and correct update rules",
        f"Made by `make mutants` on MNIST, with {ITERATIONS} iterations, on {versions['cpu']} with "
        f"torch {versions['torch']}. {different.sum()} of the {len(different)} rows of wrong "
        "update rules are different (expected: all but the learning rate in the velocity while it "
        f"is constant). {alarms} of the {len(runs)} runs of correct update rules are different.",
        "## Wrong versions of momentum",
        f"The catalog has {len(MUTANTS) + 1} wrong update rules, here called mutants: "
        f"{len(MUTANTS)} that are wrong under any learning rate, and one, the learning rate in the "
        "velocity, that is wrong only when the learning rate changes. There are more rows because "
        "two of them are tried twice: the forgotten velocity at two iterations, and the learning "
        "rate in the velocity with a constant and a halved learning rate.",
        "Learning rate 0.01, momentum 0.9, five seeds. `from iteration` gives the iteration and "
        "the tensor where float64 first exceeds the bound.",
        caught.to_markdown(index=False),
        "## Correct versions of momentum",
        "Ten ways to write momentum, with five settings and two seeds each: how often each verdict "
        "was given, and the largest share of the bound that was reached.",
        verdicts.join(largest).reset_index().to_markdown(index=False, floatfmt=".2g"),
    ]
    (HERE / "mutants.md").write_text("\n\n".join(page) + "\n")


def main():
    """Judge all, and write the results."""
    data = load_prepared(f"{sys.argv[1]}/prepared.safetensors")
    total = len(MUTANTS) + 3 + len(SETTINGS) * len(SEED_SETS) * len(CORRECT)
    with tqdm(total=total) as progress:
        mutants = judge_mutants(data, progress)
        correct = judge_correct(data, progress)
    write_page(mutants, correct)
    tables = {"mutants": mutants, "correct": correct}
    tables = {name: json.loads(table.to_json(orient="records")) for name, table in tables.items()}
    (HERE / "mutants.json").write_text(json.dumps(provenance() | tables, indent=1) + "\n")


if __name__ == "__main__":
    main()
