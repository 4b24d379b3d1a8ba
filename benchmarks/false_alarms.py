"""Checks of right update rules, at ordinary and at extreme settings: none may be called different.

`make right-forms` checks all forms of right_forms.py, and those of ../shared/cases where they are,
one hyperparameter varied at a time. It writes false_alarms.json and false_alarms.md next to this
file. `--stride 1` checks everything, `--sample 20` only a few.
"""

import argparse
import ast
import gzip
import importlib.util
import inspect
import multiprocessing
import random
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from descent.data.prepared import PreparedData
from descent.optimizers.step import make_step
from descent.parity.check import check, small_problem
from descent.parity.replay import replay
from descent.parity.verdict import DIFFERENT, overall, parity
from descent.provenance import provenance
from descent.training.settings import TrainingSettings
from publish import publish

HERE = Path(__file__).parent
OWN = HERE / "right_forms.py"
SHARED = HERE.parents[1] / "shared" / "cases" / "right_forms.py"
MNIST = HERE.parents[1] / "shared" / "mnist"

ITERATIONS, LONG, SHORT = 500, 9380, 100
SAMPLES = {"small": 2, "layers of 1,000": 2, "MNIST": 2 if MNIST.exists() else 0}

#: Values that are tried one at a time, where both the form and its reference take them.
VALUES = [
    {"lr": 1e-5},
    {"lr": 1.0},
    {"betas": (0.9, 0.9999)},
    {"betas": (0.999, 0.99999)},
    {"betas": (0.0, 0.9)},
    {"momentum": 0.999},
    {"eps": 1e-16},
    {"eps": 1e-2},
    {"weight_decay": 0.0},
    {"weight_decay": 0.1},
]

#: Every other option, switched on together.
OPTIONS = {
    "weight_decay": 0.01,
    "maximize": True,
    "amsgrad": True,
    "centered": True,
    "decoupled_weight_decay": True,
    "momentum": 0.8,
    "dampening": 0.3,
    "lr_decay": 0.01,
    "initial_accumulator_value": 0.1,
    "momentum_decay": 0.05,
    "alpha": 0.9,
    "rho": 0.95,
    "lambd": 0.01,
    "t0": 100,
    "d": 2.0,
    "beta2_decay": -0.6,
    "etas": (0.4, 1.3),
    "step_sizes": (1e-5, 1.0),
    "adjust_lr_fn": "match_rms_adamw",
}

# Families of the shared cases, by prefix: settings, and a class of torch in place of a `_ref`.
_SHARED = {
    "adam": ({"lr": 0.001}, None),
    "mom": ({"lr": 0.01, "momentum": 0.9}, None),
    "nag": ({"lr": 0.01, "momentum": 0.9}, None),
    "rms": ({"lr": 0.001, "centered": True}, None),
    "lion": ({"lr": 0.0001}, None),
    "signum": ({"lr": 0.0001, "momentum": 0.9}, None),
    "cautious": ({"lr": 0.01, "momentum": 0.9}, None),
    "clip": ({"lr": 0.05}, None),
    "lamb": ({"lr": 0.001}, None),
    "adafactor": ({"lr": 0.01}, "torch.optim.Adafactor"),
    "muon": ({"lr": 0.001}, "torch.optim.Muon"),
}

# What must stay constant, by family or form.
_SHARED_CONSTANT = dict.fromkeys(["mom", "nag", "cautious", "signum"], "lr momentum")
_SHARED_CONSTANT |= dict.fromkeys(["adam_sums", "adam_product"], "betas")


@dataclass(frozen=True)
class Case:
    """One check of one form."""

    rule: str
    form: str
    file: str
    against: str
    settings: dict
    reference_settings: dict
    constant: str  # what must stay constant
    varied: str = "base"
    iterations: int = ITERATIONS
    problem: str = "small"
    result: dict = field(default_factory=dict)


@cache
def load(file):
    """Import a file of forms."""
    spec = importlib.util.spec_from_file_location(Path(file).stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def names_of(file, optimizer):
    """List the hyperparameters of a form, or of a class of torch."""
    kind, _, name = optimizer.rpartition(".")
    rule = getattr(torch.optim if kind else load(file), name)
    return set(inspect.signature(rule).parameters)


def own_cases():
    """Return the forms of right_forms.py at their own settings."""
    module = load(OWN)
    for form in module.FORMS:
        own = names_of(OWN, form.name)
        settings = {key: value for key, value in form.settings.items() if key in own}
        rule = module.RULE_OF[form.name]
        yield Case(
            rule, form.name, OWN, form.reference, settings, dict(form.settings), form.constant
        )


def shared_cases():
    """Return the shared forms, where they are."""
    if not SHARED.exists():
        return
    module = load(SHARED)
    for name, rule in vars(module).items():
        family = name.partition("_")[0]
        if not inspect.isfunction(rule) or family not in _SHARED or name.endswith("_ref"):
            continue
        settings, reference = _SHARED[family]
        own = names_of(SHARED, name)
        settings = {key: value for key, value in settings.items() if key in own}
        constant = _SHARED_CONSTANT.get(name, _SHARED_CONSTANT.get(family, ""))
        against = reference or f"{family}_ref"
        theirs = dict(settings)
        yield Case(f"shared: {family}", name, SHARED, against, settings, theirs, constant)


def varied(case):
    """Yield a case with one hyperparameter changed, and with every option switched on."""
    common = names_of(case.file, case.form) & names_of(case.file, case.against)
    for values in [*VALUES, OPTIONS]:
        changes = {key: value for key, value in values.items() if key in common}
        changes = {key: value for key, value in changes.items() if case.settings.get(key) != value}
        if "Adafactor" in case.against and "eps" in changes:
            changes["eps"] = (changes["eps"], 1e-3)
        if case.form == "adafactor_factors":  # it does not use the first eps
            changes.pop("eps", None)
        if case.reference_settings.get("nesterov"):
            changes.pop("dampening", None)
        if "maximize" in changes and "SGD" in case.against:
            changes["lr"] = 1e-4  # the loss has no maximum
        if changes:
            text = ", ".join(f"{key}={value}" for key, value in changes.items())
            yield replace(
                case,
                settings=case.settings | changes,
                reference_settings=case.reference_settings | changes,
                varied="every option" if values is OPTIONS else text,
            )


def all_cases(stride, iterations):
    """List the checks: all forms, every stride-th change, and samples that are long, wide, MNIST.

    Neighbouring forms get different changes, so that each change is tried with some form.
    """
    bases = [*own_cases(), *shared_cases()]
    cases = []
    for position, base in enumerate(bases):
        changed = [
            case for number, case in enumerate(varied(base)) if (number + position) % stride == 0
        ]
        cases += [replace(case, iterations=iterations) for case in (base, *changed)]
    rules = {}
    for base in random.Random(0).sample(bases, len(bases)):
        rules.setdefault(base.rule, []).append(base)
    rounds = [base for group in zip(*map(_endless, rules.values()), strict=True) for base in group]
    for sample in (
        {"iterations": LONG},
        {"iterations": SHORT, "problem": "layers of 1,000"},
        {"iterations": SHORT, "problem": "MNIST"},
    ):
        size = SAMPLES[sample.get("problem", "small")]
        cases += [replace(base, **sample) for base in rounds[:size]]
        rounds = rounds[size:]
    return cases


def _endless(bases):
    """Repeat, so that a rule with few forms does not shorten the others."""
    return [bases[i % len(bases)] for i in range(sum(SAMPLES.values()))]


@cache
def single(file, name):
    """Copy one form and what it uses to a file of its own: a check reads it dozens of times."""
    tree = ast.parse(Path(file).read_text())
    parts, imports = {}, []
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports.append(node)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            parts[node.name] = node
        elif isinstance(node, ast.Assign):
            parts |= {target.id: node for target in node.targets if isinstance(target, ast.Name)}
    needed, waiting = set(), [name]
    while waiting:
        needed.add(part := waiting.pop())
        used = {node.id for node in ast.walk(parts[part]) if isinstance(node, ast.Name)}
        waiting += (used & parts.keys()) - needed
    chosen = imports + [node for part, node in parts.items() if part in needed]
    path = Path(_folder()) / f"{name}.py"
    path.write_text("\n\n\n".join(ast.unparse(node) for node in chosen) + "\n")
    return f"{path}:{name}"


@cache
def _folder():
    return tempfile.mkdtemp(prefix="right_forms_")


def run(case):
    """Check one case, and return it with its result."""
    start = time.perf_counter()
    rule = single(case.file, case.form)
    against = case.against if "." in case.against else single(case.file, case.against)
    try:
        if case.problem == "small":
            report = check(rule, against, case.settings, case.reference_settings, case.iterations)
            result = {"verdict": report.verdict, "report": str(report)}
            result["report"] = result["report"].replace(rule, case.form)
        else:
            result = compare(case, rule, against)
    except Exception as error:  # a check that fails is a result, too
        result = {"verdict": type(error).__name__, "report": str(error)}
    return replace(case, result=result | {"seconds": time.perf_counter() - start})


def compare(case, rule, against):
    """Compare a form with its reference in wide networks, or on MNIST."""
    wide = case.problem != "MNIST"
    training = TrainingSettings(
        root_seed=0,
        seeding="independent",
        hidden=[1000, 1000] if wide else [100, 100],
        batch_size=32 if wide else 128,
    )
    makers = {
        "reference": partial(make_step, against, hyperparameters=case.reference_settings),
        "form": partial(make_step, rule, hyperparameters=case.settings),
    }
    trace = replay(
        small_problem() if wide else mnist(),
        makers,
        "reference",
        [0],
        training=training,
        iterations=case.iterations,
        closed_loop=False,
    )
    table = parity({"check": trace}, {"check": "reference"}, 1)
    columns = ["dtype", "verdict", "largest_difference", "share_of_bound"]
    return {"verdict": overall(table["verdict"]), "report": table[columns].to_string(index=False)}


@cache
def mnist():
    """Read the training images of MNIST."""
    files = [MNIST / f"train-{name}-ubyte.gz" for name in ("images-idx3", "labels-idx1")]
    images, labels = (
        np.frombuffer(gzip.decompress(file.read_bytes()), np.uint8, -1, header)
        for file, header in zip(files, (16, 8), strict=True)
    )
    images = torch.from_numpy(images.reshape(-1, 28 * 28).copy())
    labels = torch.from_numpy(labels.astype(np.int64))
    return PreparedData(images, labels, images[:1], labels[:1], (0.1307, 0.3081), 10)


def kind_of(case):
    """Tell a false alarm from a right verdict; `unusable` means that the reference failed."""
    verdict = case.result["verdict"]
    if verdict == "UnusableReferenceError":
        return "unusable"
    alarm = verdict == DIFFERENT or verdict.endswith("Error")
    if "constant" in verdict and not case.constant:
        alarm = True
    return "false alarm" if alarm else "right"


def page(cases, seconds):
    """Write the page."""
    table = pd.DataFrame(
        [
            {
                "rule": case.rule,
                "verdict": case.result["verdict"],
                "kind": kind_of(case),
                "form": case.form,
                "varied": case.varied,
                "problem": case.problem,
                "iterations": case.iterations,
                "report": case.result["report"],
            }
            for case in cases
        ]
    )
    counts = table.groupby("rule")["verdict"].value_counts().unstack(fill_value=0)
    counts["false alarms"] = (table["kind"] == "false alarm").groupby(table["rule"]).sum()
    alarms = table[table["kind"] == "false alarm"].sort_values(["rule", "form", "varied"])
    judged = (table["kind"] != "unusable").sum()
    versions = provenance()
    parts = [
        "# Right update rules: false alarms",
        f"Made by `make right-forms` in {seconds / 60:.0f} minutes on {versions['cpu']} with torch "
        f"{versions['torch']}. Of {judged} checks of right update rules, in "
        f"{table['form'].nunique()} forms, {len(alarms)} say that the rule is a different one. In "
        f"{len(table) - judged} more, the reference diverges or refuses its settings.",
        "## Verdicts",
        counts.reset_index().to_markdown(index=False),
        "## False alarms",
    ]
    if alarms.empty:
        parts.append("None.")
    else:
        short = alarms.drop(columns=["kind", "report"])
        parts.append(short.to_markdown(index=False))
        parts += [
            f"### {row.form}, {row.varied}, {row.problem}\n\n```text\n{row.report}\n```"
            for row in alarms.itertuples()
        ]
    return "\n\n".join(parts) + "\n"


def main():
    """Check all, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--stride", type=int, default=24, help="1: every change of every form; 24: one in 24"
    )
    parser.add_argument("--sample", type=int, help="only so many checks, drawn at random")
    parser.add_argument("--rule", help="only this rule")
    parser.add_argument("--iterations", type=int, default=ITERATIONS)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    start = time.perf_counter()
    cases = all_cases(arguments.stride, arguments.iterations)
    if arguments.rule:
        cases = [case for case in cases if case.rule == arguments.rule]
    if arguments.sample:
        cases = random.Random(0).sample(cases, min(arguments.sample, len(cases)))
    cases.sort(key=lambda case: case.problem == "small" and case.iterations != LONG)  # long first
    done = []
    context = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
    with ProcessPoolExecutor(arguments.processes, context) as pool:
        futures = [pool.submit(run, case) for case in cases]
        for future in tqdm(as_completed(futures), total=len(futures)):
            case = future.result()
            done.append(case)
            if kind_of(case) == "false alarm":
                what = f"{case.form}, {case.varied}, {case.problem}, {case.iterations} iterations"
                tqdm.write(f"false alarm: {what}: {case.result['verdict']}")
    done.sort(key=lambda case: (case.rule, case.form, case.varied, case.problem))
    seconds = time.perf_counter() - start
    results = [asdict(replace(case, file=Path(case.file).name)) for case in done]
    publish("false_alarms", {"seconds": seconds, "cases": results}, page(done, seconds))


if __name__ == "__main__":
    main()
