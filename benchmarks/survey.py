"""Every optimizer class of the common packages, by its name: whether it runs, or why not.

`make survey` writes survey.json and survey.md. Each class is loaded and tried as `descent check`
and the workflow do before they use it: a few steps of two networks, alone and beside another one.
"""

import contextlib
import importlib
import inspect
import io
import sys
import warnings
from collections import Counter
from importlib import metadata

import torch
from tabulate import tabulate
from tqdm import tqdm

from descent.errors import DescentError
from descent.optimizers.signatures import check_hyperparameters
from descent.optimizers.user_rules import try_out
from descent.parity.contender import Contender
from descent.provenance import provenance
from publish import publish

#: The module that exports a package's optimizers, by the name of its distribution.
PACKAGES = {
    "adabelief-pytorch": "adabelief_pytorch",
    "adamp": "adamp",
    "adan-pytorch": "adan_pytorch",
    "came-pytorch": "came_pytorch",
    "dadaptation": "dadaptation",
    "lion-pytorch": "lion_pytorch",
    "madgrad": "madgrad",
    "muon-optimizer": "muon",
    "prodigyopt": "prodigyopt",
    "pytorch-optimizer": "pytorch_optimizer",
    "schedulefree": "schedulefree",
    "timm": "timm.optim",
    "torch-optimi": "optimi",
    "torch-optimizer": "torch_optimizer",
    "transformers": "transformers.optimization",
}

RUNS, MATRICES, REFUSED, FAILS = "runs", "runs on matrices", "refused", "fails"

#: A network's parameters, each of a stack of one.
SHAPES = [(1, 8, 6), (1, 8), (1, 4, 8), (1, 4)]

#: How a class is tried, in this order: some have no default for the learning rate.
WAYS = [
    (RUNS, SHAPES, {}),
    (RUNS, SHAPES, {"lr": 0.01}),
    (MATRICES, SHAPES[::2], {}),
    (MATRICES, SHAPES[::2], {"lr": 0.01}),
]


def main():
    """Try all classes and write the tables."""
    torch.set_num_threads(1)  # the tensors are small
    rows = []
    for distribution, module in PACKAGES.items():
        version = metadata.version(distribution)
        for name in tqdm(classes(module), desc=distribution, disable=not sys.stderr.isatty()):
            outcome, reason = attempt(f"{module}:{name}")
            rows.append(
                {
                    "package": f"{distribution} {version}",
                    "optimizer": f"{module}:{name}",
                    "outcome": outcome,
                    "reason": reason,
                }
            )
    publish("survey", {"rows": rows, **provenance()}, page(rows))


def classes(module):
    """List the names of the optimizer classes that a module exports."""
    imported = importlib.import_module(module)
    return sorted(
        name
        for name, value in vars(imported).items()
        if inspect.isclass(value)
        and issubclass(value, torch.optim.Optimizer)
        and not value.__module__.startswith("torch.optim")
        and not name.startswith("_")
    )


def attempt(optimizer):
    """Try a class; return what became of it, and the reason if it is refused."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        reasons = []
        for outcome, shapes, settings in WAYS:
            try:
                check_hyperparameters(optimizer, settings.keys())
                _try(Contender.load(optimizer, settings), shapes)
                return outcome, "; ".join(f"{key}={value}" for key, value in settings.items())
            except DescentError as error:
                reasons.append(str(error).removeprefix("optimizer: "))
            except Exception as error:  # what no user should see
                return FAILS, f"{type(error).__name__}: {error}"
        return REFUSED, reasons[0] if "lr: missing" not in reasons[0] else reasons[1]


def _try(contender, shapes):
    generator = torch.Generator().manual_seed(0)
    parameters = [torch.randn(shape, generator=generator) for shape in shapes]
    with contender.blame():
        try_out(contender.bind, parameters)


def page(rows):
    """Write the tables: counts for each package, and what does not simply run."""
    outcomes = (RUNS, MATRICES, REFUSED, FAILS)
    total = Counter(row["outcome"] for row in rows)
    table = [
        {"package": package} | {each: found[each] for each in outcomes}
        for package, found in _by_package(rows).items()
    ]
    others = [
        {key: row[key] for key in ("optimizer", "outcome", "reason")}
        for row in rows
        if row["outcome"] != RUNS
    ]
    return (
        "# Optimizers of other packages\n\n"
        f"Made by `make survey`: {len(rows)} classes, each called by its name and tried as the "
        f"workflow tries it. {total[RUNS]} run, {total[MATRICES]} run on matrices only, "
        f"{total[REFUSED]} are refused with a reason, and {total[FAILS]} fail without one.\n\n"
        f"{tabulate(table, headers='keys', tablefmt='github')}\n\n"
        "## Those that do not simply run\n\n"
        f"{tabulate(others, headers='keys', tablefmt='github')}\n"
    )


def _by_package(rows):
    found = {}
    for row in rows:
        found.setdefault(row["package"], Counter())[row["outcome"]] += 1
    return found


if __name__ == "__main__":
    main()
