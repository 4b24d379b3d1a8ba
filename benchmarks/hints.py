"""The command `descent check` on all wrong rules: how many get the right hint, and how fast.

Run by `make hints`, about three minutes; writes hints.json and hints.md beside this file.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from descent.errors import RuleError
from descent.parity import mutants
from descent.parity.check import check
from descent.parity.mutants import MUTANTS, learning_rate_in_velocity
from descent.provenance import provenance

HERE = Path(__file__).parent
FILE = os.path.relpath(mutants.__file__)
REFERENCE = "torch.optim.SGD"
SETTINGS = {"lr": 0.01, "momentum": 0.9}
PROCESSES = 5

#: What is right to say of a mistake, where it is not `this looks like <name>; ...`
OTHER_HINTS = {
    "replaced_parameters": "update them in place",
    "velocity_of_another_run": "something is kept outside `state`",
    "learning_rate_in_velocity": "equal only while the learning rate is constant",
}


def examine(rule):
    """Check one wrong rule, as a rule of the user's own; return a row of the table."""
    name = rule.__name__
    start = time.perf_counter()
    try:
        report = check(f"{FILE}:{name}", REFERENCE, SETTINGS)
        verdict, hints = report.verdict, report.hints
    except RuleError as error:
        verdict, hints = "error", [str(error)]
    seconds = time.perf_counter() - start
    expected = OTHER_HINTS.get(name, f"this looks like {name.replace('_', ' ')};")
    return {
        "mutant": name.replace("_", " "),
        "verdict": verdict,
        "hint": " / ".join(hints),
        "right": len(hints) == 1 and expected in hints[0],
        "seconds": seconds,
    }


def time_processes(rule):
    """Time whole commands, from the start of Python to its end: wall clock and processor."""
    pairs = [f"{key}={value}" for key, value in SETTINGS.items()]
    command = [sys.executable, "-m", "descent", "check", rule, "--against", REFERENCE]
    command += [part for pair in pairs for part in ("--set", pair)]
    rows = []
    for _ in range(PROCESSES):
        before = os.times()
        subprocess.run(command, stdout=subprocess.DEVNULL)
        after = os.times()
        user, system = (
            getattr(after, name) - getattr(before, name)
            for name in ("children_user", "children_system")
        )
        rows.append({"wall": after.elapsed - before.elapsed, "processor": user + system})
    return rows


def write_page(table, processes):
    """Write the table as Markdown."""
    versions = provenance()
    times = "; ".join(
        f"{rule} {_median(rows, 'wall'):.1f} s, of the processor {_median(rows, 'processor'):.1f} s"
        for rule, rows in processes.items()
    )
    page = [
        "# Hints for wrong rules",
        f"Made by `make hints`, {versions['cpu']}, torch {versions['torch']}: `descent check` "
        f"against {REFERENCE}, learning rate {SETTINGS['lr']}, momentum {SETTINGS['momentum']}. "
        f"{table['right'].sum()} of {len(table)} wrong rules get the right hint and no other.",
        "The hints compare a rule with these same mutants, so this says that each is told apart "
        "from all others, not how many mistakes that nobody has catalogued are recognised.",
        f"Whole commands, with the start of Python and the import of torch, median of {PROCESSES}: "
        f"{times}. On a machine that others use as well, the processor's seconds are the steadier "
        "ones. The seconds in the table are wall clock, of the check alone.",
        table.assign(right=table["right"].map({True: "yes", False: "no"})).to_markdown(
            index=False, floatfmt=".1f"
        ),
    ]
    (HERE / "hints.md").write_text("\n\n".join(page) + "\n")


def _median(rows, clock):
    return statistics.median(row[clock] for row in rows)


def main():
    """Check all, and write the results."""
    rules = [*MUTANTS, learning_rate_in_velocity]
    table = pd.DataFrame([examine(rule) for rule in tqdm(rules)])
    processes = {
        "a right rule": time_processes("scratch.sgd_momentum"),
        "a wrong one": time_processes(f"{FILE}:{MUTANTS[0].__name__}"),
    }
    write_page(table, processes)
    results = {"mutants": table.to_dict(orient="records"), "process_seconds": processes}
    (HERE / "hints.json").write_text(json.dumps(provenance() | results, indent=1) + "\n")


if __name__ == "__main__":
    main()
