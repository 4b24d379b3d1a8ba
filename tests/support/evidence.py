"""Tables of results, for tests of what the report says about them."""

import re

import numpy as np
import pandas as pd

from configurations import PROJECT
from descent.parity.verdict import CONSTANT

OURS = {"optimizer": "scratch.sgd", "lr": 0.1}
THEIRS = {"optimizer": "torch.optim.SGD", "lr": 0.1, "reference": True}
PAIR = {"pair": {"ours": OURS, "theirs": THEIRS}}


def accuracy(diverged=0, diverged_at=""):
    return pd.DataFrame(
        {
            "variant": ["ours", "theirs"],
            "n": 5,
            "diverged": [diverged, 0],
            "diverged_at": [diverged_at, ""],
            "mean": [0.9, 0.91],
        }
    )


def equivalence(verdict="equivalent", seeds_needed=np.nan, **changes):
    rows = [
        {
            "comparison": "pair",
            "variant": "ours",
            "reference": "theirs",
            "metric": metric,
            "design": "paired",
            "n": 5,
            "n_reference": 5,
            "difference": -0.0004,
            "sd": 0.001,
            "improvement": 0.3,
            "improvement_lower": 0.08,
            "improvement_upper": 0.67,
            "level": 0.975,
            "ci_lower": -0.0021,
            "ci_upper": 0.0014,
            "margin": margin,
            "verdict": verdict,
            "seeds_needed": seeds_needed,
        }
        for metric, margin in (("test_accuracy", 0.005), ("test_loss", 0.01))
    ]
    return pd.DataFrame(rows).assign(**changes)


def parity(float32="equal to rounding", float64="identical", trials="identical", hint=None):
    """A table as from `descent.parity.verdict.parity`, as it is read from its file."""
    decided = {"identical": "bits", "equal to rounding": "formula", "different": "envelope"}
    shares = {"identical": 0, "equal to rounding": 0.21, "different": 40}
    rows = [
        {
            "comparison": "pair",
            "variant": "ours",
            "reference": "theirs",
            "on": "training",
            "dtype": dtype,
            "n": 5,
            "iterations": 500,
            "verdict": verdict,
            "largest_difference": 0.0 if verdict == "identical" else 3.2e-8,
            "decided_by": decided.get(verdict, "wide envelope"),
            "share_of_bound": shares.get(verdict, 300),
            "share_of_tolerance": shares.get(verdict, 0.3),
            "different_seed": 3.0,
            "different_run": 2.0,
            "different_iteration": 17.0,
            "different_tensor": "b1",
        }
        for dtype, verdict in (("float32", float32), ("float64", float64))
    ]
    of_trials = {"comparison": "pair", "variant": "ours", "reference": "theirs", "on": "trials"}
    of_trials["verdict"] = trials
    if trials not in ("identical", "equal to rounding"):
        of_trials |= {"trial": "large gradients", "dtype": "float64"}
        of_trials |= {"different_iteration": 1.0, "different_tensor": "W0"}
    table = pd.DataFrame([*rows, of_trials])
    table["hint"] = table["verdict"].map({"different": hint, CONSTANT: hint})
    places = {f"first_{name}" for name in ("seed", "run", "iteration", "tensor")}
    missing = {"trial", *places} - set(table.columns)
    return table.assign(**dict.fromkeys(missing, np.nan))


def documented_cases():
    """Read the table of all cases in docs/statistics.md: interval (or None), verdict, words."""
    cases = []
    for line in (PROJECT / "docs" / "statistics.md").read_text().splitlines():
        cells = [cell.strip(" `") for cell in line.split("|")[1:-1]]
        ends = cells[0].replace("\N{MINUS SIGN}", "-").split(" to ") if cells else []
        if len(cells) == 4 and re.match(r"none$|[+-]?\d", ends[0]):
            interval = None if ends == ["none"] else tuple(map(float, ends))
            cases.append((interval, *cells[2:]))
    return cases
