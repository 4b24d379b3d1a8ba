"""Grade a class of forty, four of whom hang: whether the grades are right, and the time it takes.

The submissions are right in several forms, wrong, broken and hostile. Each is given the verdict
that a reader of its source would give.
"""

import tempfile
import time
from pathlib import Path

from tabulate import tabulate

from descent.grading import sandbox
from descent.grading.assignment import from_dict
from descent.grading.grade import grade
from descent.grading.submissions import collect
from descent.provenance import provenance
from publish import publish
from submitted import DONE, HEAD, RIGHT, SAME_RULE, SETTINGS, after, begins_with, write

#: What makes it forty: more that is right, wrong in the end only, or hangs.
MORE = {
    "elementwise.py": ("ELEMENTWISE = True\n" + RIGHT, SAME_RULE, ""),
    "scaled.py": (
        RIGHT.replace("add_(gradient)", "add_(lr * gradient)").replace("lr * velocity", "velocity"),
        {"the same rule at constant hyperparameters"},
        "",
    ),
    "by_number.py": (
        HEAD + "    for i in range(len(parameters)):\n"
        "        state[i] = momentum * state.get(i, 0) + gradients[i]\n"
        "        parameters[i] -= lr * state[i]\n",
        SAME_RULE,
        "",
    ),
    "library.py": (
        "from descent.optimizers.scratch.sgd_momentum import sgd_momentum as momentum\n",
        SAME_RULE,
        "",
    ),
    "global.py": (
        "v = {}\n\n\n" + HEAD + "    for i, (p, g) in enumerate(zip(parameters, gradients)):\n"
        "        v[i] = momentum * v.get(i, 0) + g\n        p -= lr * v[i]\n",
        {"different"},
        "",
    ),
    "late.py": (
        RIGHT.replace(
            "    velocities =",
            "    state['n'] = state.get('n', 0) + 1\n"
            "    momentum = momentum if state['n'] < 400 else 0.0\n    velocities =",
        ),
        {"different"},
        "",
    ),
    "decays.py": (
        RIGHT.replace("lr * velocity", "lr * (velocity + 0.0001 * parameter)"),
        {"different"},
        "",
    ),
    "hangs_late.py": (after(900, "while True:\n    pass"), {"no answer"}, ""),
    "waits.py": (begins_with("import threading\nthreading.Event().wait()"), {"no answer"}, ""),
}


def main():
    """Grade the class and write the table."""
    unsandboxed = sandbox.probe() is not None
    assignment = from_dict(
        {"rule": "momentum", "against": "torch.optim.SGD", "settings": [{"set": SETTINGS}]}
    )
    DONE.update(MORE)
    with tempfile.TemporaryDirectory() as folder:
        submissions = collect(write(Path(folder, "class")))
        begin = time.monotonic()
        results = grade(
            submissions,
            assignment,
            Path(folder, "grades"),
            unsandboxed=unsandboxed,
            say=lambda line: print(line, flush=True),
        )
        seconds = time.monotonic() - begin
    rows, wrong = [], 0
    for result in results:
        [outcome] = result["settings"]
        verdicts = DONE[result["file"]][1]
        as_expected = outcome["verdict"] in verdicts
        wrong += not as_expected
        rows.append(
            {
                "submission": result["file"],
                "is": "right" if verdicts >= SAME_RULE else " or ".join(sorted(verdicts)),
                "verdict": outcome["verdict"],
                "grade": int(outcome["passed"]),
                "as it should be": "yes" if as_expected else "NO",
                "seconds": result["seconds"],
            }
        )
    where = "without a sandbox" if unsandboxed else "in bubblewrap"
    page = (
        f"# A class of {len(rows)}\n\n"
        f"`make grading` graded {len(rows)} submissions {where}, two at a time, in {seconds:.0f} "
        f"seconds; {wrong} of the verdicts are not what they should be.\n\n"
        f"{tabulate(rows, headers='keys', tablefmt='github')}\n"
    )
    publish("grading", {"seconds": seconds, "rows": rows, **provenance()}, page)


if __name__ == "__main__":
    main()
