"""Time `descent check` for every included update rule, on one core, as a user waits for it.

Every check is a process of its own. With `--before`, each is followed by one of another checkout,
so that both see the same disturbances.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tabulate import tabulate
from tqdm import tqdm

from descent.provenance import provenance
from publish import publish

PROJECT = Path(__file__).parents[1]
SGD = {"lr": 0.01, "momentum": 0.9}

#: Each included rule, its reference in torch.optim, and the settings of both.
RULES = {
    "sgd": ("SGD", {"lr": 0.01}),
    "sgd_momentum": ("SGD", SGD),
    "dampened_momentum": ("SGD", SGD | {"dampening": 0.1}),
    "nesterov": ("SGD", SGD | {"nesterov": "true"}),
    **{
        name.lower(): (name, {})
        for name in (
            *("Adagrad", "Adadelta", "RMSprop", "Adam", "AdamW", "Adamax", "NAdam", "RAdam"),
            *("Adafactor", "Rprop", "ASGD", "Muon"),
        )
    },
}

#: A rule as people write it, and one with a mistake.
FILE = """
import torch

class Momentum:
    def __init__(self, parameters, lr, momentum):
        self.parameters, self.lr, self.momentum = list(parameters), lr, momentum
        self.velocities = [torch.zeros_like(p) for p in self.parameters]

    @torch.no_grad()
    def step(self):
        for p, v in zip(self.parameters, self.velocities):
            v.mul_(self.momentum).add_(p.grad)
            p.sub_(self.lr * v)

class Wrong(Momentum):
    @torch.no_grad()
    def step(self):
        for p, v in zip(self.parameters, self.velocities):
            v.mul_(self.momentum).add_(p.grad, alpha=1 - self.momentum)
            p.sub_(self.lr * v)
"""


def commands(file):
    """Map what is timed to its arguments."""
    found = {
        "import descent": ["-c", "import descent"],
        "descent --help": ["-m", "descent", "--help"],
        "import torch": ["-c", "import torch"],
    }
    rules = {f"scratch.{rule}": of for rule, of in RULES.items()}
    rules |= {f"{file}:Momentum": ("SGD", SGD), f"{file}:Wrong": ("SGD", SGD)}
    for rule, (reference, settings) in rules.items():
        command = ["-m", "descent", "check", rule, "--against", f"torch.optim.{reference}"]
        for name, value in settings.items():
            command += ["--set-reference" if name == "nesterov" else "--set", f"{name}={value}"]
        found[rule.replace(str(file), "a file")] = command
    return found


def seconds(checkout, arguments):
    """Time a process of a checkout, with its own environment."""
    python = checkout / ".venv" / "bin" / "python"
    environment = {**os.environ, "PYTHONPATH": str(checkout / "src")}
    start = time.perf_counter()
    done = subprocess.run(
        [python, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1) or done.stderr:
        sys.exit(f"{arguments}: {done.stderr or done.stdout}")
    return time.perf_counter() - start


def measure(checkouts, rounds, file):
    """Time everything in every round, in a random order, one checkout right after another.

    Returns
    -------
    list of dict
        A row for each command: `command`, and the seconds of each checkout, one for each round.
    """
    timed = commands(file)
    found = {name: [[] for _ in checkouts] for name in timed}
    with tqdm(total=rounds * len(timed) * len(checkouts), file=sys.stderr) as progress:
        for number in range(rounds):
            for name in random.Random(number).sample(list(timed), len(timed)):
                for checkout, of_checkout in zip(checkouts, found[name], strict=True):
                    of_checkout.append(seconds(checkout, timed[name]))
                    progress.update()
    return [{"command": name, "seconds": of_both} for name, of_both in found.items()]


def cells(row):
    """Format a row: the median seconds, and the median ratio to another checkout."""
    now, *before = row["seconds"]
    shown = [row["command"], f"{statistics.median(now):.2f}"]
    for other in before:
        ratio = statistics.median(new / old for new, old in zip(now, other, strict=True))
        shown += [f"{statistics.median(other):.2f}", f"{ratio:.2f}"]
    return shown


def main():
    """Measure and write check_times.json and check_times.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--before", type=Path, help="another checkout, with its environment")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    checkouts = [PROJECT, *([arguments.before.absolute()] if arguments.before else [])]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mine.py"
        file.write_text(FILE)
        rows = measure(checkouts, arguments.rounds, file)
    about = provenance()
    if arguments.before:
        about["before"] = subprocess.run(
            ["git", "-C", arguments.before, "rev-parse", "--short", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    publish("check_times", {"about": about, "checks": rows}, page(about, rows, arguments.rounds))


def page(about, rows, rounds):
    """Format the rows as Markdown."""
    headings = ["command, or rule that is checked", "seconds", "before", "ratio"]
    table = tabulate(
        [cells(row) for row in rows],
        headings[: 4 if "before" in about else 2],
        tablefmt="github",
        disable_numparse=True,
    )
    before = f"Before is commit {about['before']}. " if "before" in about else ""
    return (
        f"Wall seconds of a process on one core, medians of {rounds} rounds. {before}The commands "
        f"are in\nbenchmarks/check_times.py.\n\n{table}\n\n"
        f"{about['cpu']}; Python {about['python']}, torch {about['torch']}.\n"
    )


if __name__ == "__main__":
    main()
