"""The optimizers of the common packages, each compared with its counterpart.

`make audit` checks the pairs in pairs/ and writes audit.json and audit.md into benchmarks/. A pair
that differs has a kind there, and says why. docs/audit.md is about what was found.

With arguments, only pairs that contain one of these texts are checked, as in
`audit.py optax: Lion`; `--new` checks only what has no row yet. The rows of all
other pairs are kept.
"""

import argparse
import json
import os
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import import_module, metadata
from pathlib import Path

import torch
import yaml
from tabulate import tabulate
from tqdm import tqdm

from descent.errors import DescentError
from descent.files import replacing
from descent.parity.check import check
from descent.parity.contender import Contender
from descent.parity.trials import try_everything
from descent.parity.verdict import CONSTANT, DIFFERENT, EQUAL, IDENTICAL, LESS_ACCURATE
from descent.provenance import provenance
from descent.training.device import reproducible

HERE = Path(__file__).parent
RESULTS = HERE.parent / "audit.json"

#: What a difference may be.
KINDS = {
    "fault": "departs from the algorithm that it is named after, and from what it says of itself",
    "variant": "makes another choice that is documented, or usual",
    "default": "has other values where none are given",
}

SAME = (IDENTICAL, EQUAL, LESS_ACCURATE)

#: Where two part that do not.
NOWHERE = {"under": "", "iteration": None, "tensor": ""}

#: The check raised an exception.
REFUSED = "refused"


@dataclass(frozen=True)
class Pair:
    """An optimizer and its counterpart, as pairs/<package>.yaml lists them.

    Attributes
    ----------
    optimizer, against : str
        Names, see docs/packages.md; a rule of this folder is `rules_<family>.py:<rule>`.
    settings : dict
        Hyperparameters of both, in names that both take.
    own, others : dict
        Hyperparameters of one side only.
    kind, why : str
        Of those that differ: one of `KINDS`, and a sentence.
    section : str
        Of a fault: the heading in docs/audit.md.
    """

    optimizer: str
    against: str
    settings: dict = field(default_factory=dict)
    own: dict = field(default_factory=dict)
    others: dict = field(default_factory=dict)
    kind: str = ""
    why: str = ""
    section: str = ""

    @property
    def key(self):
        """What tells the pair from others, without what is said about it."""
        parts = [self.optimizer, self.against, self.settings, self.own, self.others]
        return json.dumps(parts, sort_keys=True)


def pairs():
    """List all pairs, by package."""
    return [
        Pair(**entry)
        for file in sorted((HERE / "pairs").glob("*.yaml"))
        for entry in yaml.safe_load(file.read_text()) or []
    ]


def compare(pair):
    """Check a pair; return what was found, without what pairs/ says about it.

    Many classes count steps for all parameters together, where others count for each one, and
    so they differ where a parameter has no gradient at first. Two that do are compared again, with
    gradients of 0 in the place of none: else this would hide all other differences.

    Parameters
    ----------
    pair : Pair

    Returns
    -------
    dict
        The verdict at constant hyperparameters and at changing ones, and where a difference begins.
    """
    torch.set_num_threads(1)  # the tensors are small
    start = time.perf_counter()
    sides = [_found_here(name) for name in (pair.optimizer, pair.against)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            report = _check(sides, pair)
            counts = report.verdict == DIFFERENT and "parameters without a gradient" in (
                report.trials["trial"].tail(1).tolist()
            )
            if counts:
                sides = [_without_gaps(name) for name in sides]
                report = _check(sides, pair)
            in_trials = report.verdict == DIFFERENT and len(report.trials)
            apart = _all_trials(sides, pair) if in_trials else []
        except Exception as error:  # of any package: one pair must not end the others
            kind = "" if isinstance(error, DescentError) else f"{type(error).__name__}: "
            row = {"verdict": REFUSED, "changing": "", "begins": f"{kind}{error}", **NOWHERE}
            return row | {"without_a_gradient": "", "apart_with": [], "hints": []}
    return {
        "verdict": _at_constant(report),
        "changing": "" if report.verdict == DIFFERENT else _in_changes(report),
        "without_a_gradient": DIFFERENT if counts else "",
        "begins": report.begins,
        **_place(report),
        "apart_with": apart,
        "hints": report.hints,
        "seconds": round(time.perf_counter() - start, 1),
    }


def _check(sides, pair):
    return check(*sides, pair.settings | pair.own, pair.settings | pair.others)


def _without_gaps(name):
    """Make a class whose missing gradients are 0, if it is a class."""
    module, _, attribute = name.replace("torch.optim.", "torch.optim:").partition(":")
    if ".py" in module or not isinstance(found := getattr(import_module(module), attribute), type):
        return name

    class WithoutGaps(found):
        def step(self, closure=None):
            for group in self.param_groups:
                for parameter in group["params"]:
                    if parameter.grad is None:
                        parameter.grad = torch.zeros_like(parameter)
            return super().step(closure)

    return WithoutGaps


def _all_trials(sides, pair):
    """List the trials in which two optimizers differ: a check ends with the first of them."""
    ours, theirs = (
        Contender.load(side, pair.settings | more)
        for side, more in zip(sides, (pair.own, pair.others), strict=True)
    )
    with reproducible(torch.device("cpu")):
        outcomes = list(try_everything(ours, theirs))
    return [each.trial for each in outcomes if each.verdict in (CONSTANT, DIFFERENT)]


def _found_here(optimizer):
    return str(HERE / optimizer) if ".py:" in optimizer else optimizer


def _at_constant(report):
    if report.verdict != CONSTANT:
        return report.verdict
    found = {*report.table["verdict"], *report.trials["verdict"].dropna()}
    return next(each for each in reversed(SAME) if each in found)


def _in_changes(report):
    return DIFFERENT if report.verdict == CONSTANT else report.verdict


def _place(report):
    """Tell where the two part: under what, in which iteration and tensor."""
    trained = report.table[report.table["verdict"] == DIFFERENT]
    if len(trained):
        row = trained.iloc[-1]  # float64 rather than float32
        place = int(row["different_iteration"]), row["different_tensor"]
        return {"under": "training", "iteration": place[0], "tensor": place[1]}
    apart = report.trials[report.trials["verdict"].isin([DIFFERENT, CONSTANT])]
    if apart.empty:
        return NOWHERE
    row = apart.iloc[-1]
    return {"under": row["trial"], "iteration": int(row["iteration"]), "tensor": row["tensor"]}


def complaint(pair, row):
    """Say what does not fit between what was found and what pairs/ says; empty if all fits."""
    if row["verdict"] == REFUSED:
        return f"refused: {row['begins']}"
    apart = DIFFERENT in (row["verdict"], row["changing"])
    if apart and pair.kind not in KINDS:
        return "differs, and no kind says how"
    if apart and not pair.why:
        return "differs, and nothing says why"
    if pair.kind and not apart:
        return f"is called a {pair.kind}, and does not differ"
    if (pair.kind == "fault") != bool(pair.section):
        return "a fault, and nothing else, has a section in docs/audit.md"
    return ""


@cache  # it takes a second
def version(optimizer):
    """Name the distribution that an optimizer is of, with its version; empty for a rule here."""
    if ".py:" in optimizer:
        return ""
    module = optimizer.partition(":")[0].partition(".")[0]
    distribution = metadata.packages_distributions()[module][0]
    return f"{distribution} {metadata.version(distribution)}"


def main(arguments=None):
    """Check the pairs and write the tables; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("texts", nargs="*", help="check only pairs that contain one of these")
    parser.add_argument("--new", action="store_true", help="check only pairs without a row")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args(arguments)
    # read by the processes when they import JAX and Keras
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(HERE.parents[1] / "build" / "jax"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    listed = {pair.key: pair for pair in pairs()}
    found = known()
    chosen = [
        pair
        for key, pair in listed.items()
        if (not given.texts or any(text in key for text in given.texts))
        and not (given.new and key in found)
    ]
    with ProcessPoolExecutor(given.processes) as pool:
        running = {pool.submit(compare, pair): pair for pair in chosen}
        quiet = not sys.stderr.isatty()
        for done in tqdm(as_completed(running), total=len(running), disable=quiet):
            found[running[done].key] = done.result()
            save(listed, found)
    complaints = {key: complaint(pair, found[key]) for key, pair in listed.items() if key in found}
    save(listed, found)  # also what pairs/ says by now of rows that are kept
    for key, text in complaints.items():
        if text:
            pair = listed[key]
            print(f"{pair.optimizer} against {pair.against}: {text}", file=sys.stderr)
    return int(any(complaints.values()))


def save(listed, found):
    """Write the rows of the pairs that were checked so far, in the order of the pairs."""
    rows = [
        asdict(pair)
        | {"version": version(pair.optimizer), "against_version": version(pair.against)}
        | found[key]
        for key, pair in listed.items()
        if key in found
    ]
    for suffix, text in (
        ("json", json.dumps({"rows": rows, **provenance()}, indent=1) + "\n"),
        ("md", page(rows)),
    ):
        with replacing(HERE.parent / f"audit.{suffix}") as part:
            part.write_text(text)


def known():
    """Read what earlier runs have found, by the key of the pair."""
    if not RESULTS.exists():
        return {}
    said = {"version", "against_version", *Pair.__dataclass_fields__}
    return {
        Pair(**{name: row[name] for name in Pair.__dataclass_fields__}).key: {
            name: value for name, value in row.items() if name not in said
        }
        for row in json.loads(RESULTS.read_text())["rows"]
    }


def page(rows):
    """Write the page: the counts, and a row for each pair."""
    apart = [row for row in rows if DIFFERENT in (row["verdict"], row["changing"])]
    kinds = [
        {"kind": kind, "pairs": sum(row["kind"] == kind for row in apart), "what it is": meaning}
        for kind, meaning in KINDS.items()
    ]
    same = [row for row in rows if row not in apart]
    return (
        "# The audit\n\n"
        f"Made by `make audit`: {len(rows)} pairs of an optimizer and its counterpart, compared as "
        f"`descent check` compares. {len(same)} take the same steps, and "
        f"{len(apart)} do not; [docs/audit.md](../docs/audit.md) is about these. A counterpart "
        "`rules_<family>.py:<rule>` was written from the paper, in [audit/](audit).\n\n"
        f"{tabulate(kinds, headers='keys', tablefmt='github')}\n\n"
        "## Pairs that differ\n\n"
        f"{tabulate(map(_cells, apart), headers='keys', tablefmt='github')}\n\n"
        "## Pairs that take the same steps\n\n"
        f"{tabulate(map(_cells, same), headers='keys', tablefmt='github')}\n"
    )


def _cells(row):
    cells = {
        "optimizer": f"{row['optimizer']} ({row['version'].rpartition(' ')[2]})",
        "against": row["against"],
        "with": _settings(row),
        "at constant hyperparameters": row["verdict"],
        "at changing ones": row["changing"],
        "parameters without a gradient": row["without_a_gradient"],
    }
    if row["under"]:
        where = "" if row["under"] == "training" else f", with {row['under']}"
        cells["they part at"] = f"iteration {row['iteration']}, {row['tensor']}{where}"
        cells["also with"] = "; ".join(row["apart_with"][1:])
        cells |= {"kind": row["kind"], "why": row["why"]}
    return cells


def _settings(row):
    parts = [_written(row["settings"])]
    parts += [f"{side}: {_written(row[side])}" for side in ("own", "others") if row[side]]
    return "; ".join(filter(None, parts))


def _written(settings):
    return ", ".join(f"{name}={value}" for name, value in settings.items())


if __name__ == "__main__":
    sys.exit(main())
