"""Run `descent check` on all wrong rules: how many get the right hint, and how fast.

`make hints` runs this in about three minutes; it writes hints.json and hints.md next to this file.
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
from expected_hints import expected_hint

HERE = Path(__file__).parent
FILE = os.path.relpath(mutants.__file__)
REFERENCE = "torch.optim.SGD"
SETTINGS = {"lr": 0.01, "momentum": 0.9}
PROCESSES = 5


def examine(rule):
    """Check one wrong rule as if a user had written it; return a row of the table."""
    name = rule.__name__
    start = time.perf_counter()
    try:
        report = check(f"{FILE}:{name}", REFERENCE, SETTINGS)
        verdict, hints = report.verdict, report.hints
    except RuleError as error:
        verdict, hints = "error", [str(error)]
    seconds = time.perf_counter() - start
    expected = expected_hint(name)
    return {
        "mutant": name.replace("_", " "),
        "verdict": verdict,
        "hint": " / ".join(hints),
        "right": len(hints) == 1 and expected in hints[0],
        "seconds": seconds,
    }


def time_processes(rule):
    """Time whole commands, from the start of Python to its end: wall-clock and CPU time."""
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
    times = " and ".join(
        f"{_median(rows, 'wall'):.1f} s ({_median(rows, 'processor'):.1f} s of CPU time) for {rule}"
        for rule, rows in processes.items()
    )
    page = [
        "# Hints for wrong update rules",
        f"Made by `make hints` on {versions['cpu']} with torch {versions['torch']}: `descent "
        f"check` against {REFERENCE}, learning rate {SETTINGS['lr']}, momentum "
        f"{SETTINGS['momentum']}. {table['right'].sum()} of {len(table)} wrong update rules get "
        "the right hint and no other.",
        f"The catalog has {len(MUTANTS) + 1} wrong update rules, here called mutants: "
        f"{len(MUTANTS)} that are wrong under any learning rate, and one, the learning rate in the "
        "velocity, that is wrong only when the learning rate changes. Its verdict is therefore "
        "`equal to rounding`, and the hint says what is wrong.",
        "To find a hint, `descent check` compares an update rule with these same mutants. The "
        "table therefore shows that each of them is told apart from all others. It does not show "
        "how many mistakes outside the catalog would be recognized.",
        "The whole command, including the start of Python and the import of torch, takes "
        f"{times}, medians of {PROCESSES}. On a machine that others use as well, CPU time is more "
        "stable than wall time. The seconds in the table are the wall time of the check alone.",
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
        "a correct update rule": time_processes("scratch.sgd_momentum"),
        "a wrong one": time_processes(f"{FILE}:{MUTANTS[0].__name__}"),
    }
    write_page(table, processes)
    results = {"mutants": table.to_dict(orient="records"), "process_seconds": processes}
    (HERE / "hints.json").write_text(json.dumps(provenance() | results, indent=1) + "\n")


if __name__ == "__main__":
    main()
