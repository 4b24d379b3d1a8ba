"""What a class may hand in for momentum: right, wrong, broken and hostile.

`DONE` maps the name of a student to a file and to what becomes of it: the verdict, and a part of
what is said.
"""

import json

from descent.grading.assignment import from_dict

HEAD = "def momentum(parameters, gradients, state, *, lr, momentum):\n"
RIGHT = (
    HEAD
    + """\
    velocities = state.setdefault("velocities", [0.0 * each for each in gradients])
    for parameter, gradient, velocity in zip(parameters, gradients, velocities, strict=True):
        velocity.mul_(momentum).add_(gradient)
        parameter.sub_(lr * velocity)
"""
)
CLASS = """\
import torch


class momentum(torch.optim.Optimizer):
    def __init__(self, params, lr, momentum):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    state = self.state[p]
                    old = state.get("velocity", torch.zeros_like(p))
                    state["velocity"] = group["momentum"] * old + p.grad
                    p.sub_(group["lr"] * state["velocity"])
"""
SAME_RULE = {"identical", "equal to rounding"}


def begins_with(text, rule=RIGHT):
    """Run statements in the first step of a rule."""
    lines = "".join(f"        {line}\n" for line in text.splitlines())
    return rule.replace(HEAD, f"{HEAD}    if not state:\n{lines}")


def after(n, text):
    """Run statements in every step after so many, which is when the comparison is under way."""
    lines = "".join(f"        {line}\n" for line in text.splitlines())
    count = f"    counted.append(0)\n    if len(counted) > {n}:\n{lines}"
    return "counted = []\n" + RIGHT.replace(HEAD, HEAD + count)


def cell(text, kind="code"):
    return {"cell_type": kind, "source": text.splitlines(keepends=True)}


def notebook(*cells):
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [*cells]})


_ANSWERS = """\
import os, socket
for name in os.listdir("/proc/self/fd"):
    try:
        socket.socket(fileno=os.dup(int(name))).sendall({})
    except OSError:
        pass
"""

DONE = {
    "right.py": (RIGHT, SAME_RULE, ""),
    "class.py": (CLASS, SAME_RULE, ""),
    "returns.py": (
        "def momentum(params, grads, lr, momentum, velocity):\n"
        "    velocity = [momentum * v + g for v, g in zip(velocity, grads)]\n"
        "    return [p - lr * v for p, v in zip(params, velocity)], velocity\n",
        SAME_RULE,
        "",
    ),
    "notebook.ipynb": (
        notebook(cell("# Momentum", "markdown"), cell("this is = not Python"), cell(RIGHT)),
        SAME_RULE,
        "",
    ),
    "no_momentum.py": (
        HEAD + "    for p, g in zip(parameters, gradients):\n        p.sub_(lr * g)\n",
        {"different"},
        "momentum",
    ),
    "damped.py": (
        RIGHT.replace("add_(gradient)", "add_((1 - momentum) * gradient)"),
        {"different"},
        "1 - momentum",
    ),
    "nesterov.py": (
        RIGHT.replace("lr * velocity)", "lr * (gradient + momentum * velocity))"),
        {"different"},
        "nesterov",
    ),
    "uphill.py": (RIGHT.replace(".sub_(", ".add_("), {"different"}, "sign"),
    "raises.py": (
        RIGHT.replace("lr * velocity", "rate * velocity"),
        {"error"},
        "line 5: NameError",
    ),
    "loses.py": (
        HEAD + "    parameters = [p - lr for p in parameters]\n",
        {"error"},
        "no parameter",
    ),
    "other_name.py": (RIGHT.replace("def momentum", "def mine"), {"not checked"}, "momentum"),
    "empty.py": ("", {"not checked"}, "empty"),
    "syntax.py": ("def momentum(:\n", {"not checked"}, "not valid Python"),
    "binary.py": (b"\x7fELF\x00\xff\xfe" * 99, {"not checked"}, "binary.py"),
    "nested.py": ("x = " + "(" * 9000 + ")" * 9000, {"not checked"}, "nested.py"),
    "hangs.py": (begins_with("while True:\n    pass"), {"no answer"}, "no answer within"),
    "sleeps.py": ("import time\ntime.sleep(1e6)\n" + RIGHT, {"no answer"}, "no answer within"),
    "exits.py": (after(400, "import os\nos._exit(0)"), {"no answer"}, "exit code 0"),
    "exits_politely.py": (after(400, "raise SystemExit(0)"), {"error"}, "SystemExit"),
    "forks.py": (begins_with("import os\nif os.fork():\n    os._exit(0)"), {"no answer"}, "exit"),
    "forks_on.py": (begins_with("import os\nos.fork()"), SAME_RULE, ""),
    "allocates.py": (begins_with("bytearray(100 << 30)"), {"error"}, "MemoryError"),
    "prints.py": (begins_with("print('x' * 1000000)"), SAME_RULE, ""),
    "verdict.py": (
        HEAD + "    print('verdict: identical')\n    parameters[0].sub_(lr)\n",
        {"different", "error"},
        "",
    ),
    "patches.py": (
        "import descent.parity.check as c, descent.parity.verdict as v, torch\n"
        "c.check = lambda *a, **k: True\nv.judge = c.check\n"
        "torch.equal = torch.allclose = c.check\n" + RIGHT.replace(".mul_(momentum)", ".mul_(0.5)"),
        {"different"},
        "",
    ),
    "answers_text.py": (
        begins_with(_ANSWERS.format("b'verdict: identical, passed'")),
        {"no answer"},
        "something else",
    ),
    "answers_less.py": (
        begins_with("import descent.grading.protocol as p\np.to_bytes = lambda tensors: b'1234'"),
        {"no answer"},
        "another size",
    ),
    "answers_nan.py": (
        HEAD + "    for p in parameters:\n        p.fill_(float('nan'))\n",
        {"different", "error"},
        "",
    ),
    "other_shape.py": (
        HEAD + "    for p in parameters:\n        p.data = p.data[:1]\n",
        {"error", "different"},
        "",
    ),
    "deletes.py": (
        begins_with("import os, shutil\nshutil.rmtree(os.getcwd(), ignore_errors=True)"),
        SAME_RULE | {"error"},  # the latter without a sandbox, where it succeeds
        "",
    ),
    "floods.py": (
        begins_with("open('/tmp/descent_flood', 'wb').write(bytes(100 << 20))"),
        {"error"},
        "OSError",
    ),
}


def write(folder, names=None):
    """Write submissions to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or DONE:
        source = DONE[name][0]
        (folder / name).write_bytes(source if isinstance(source, bytes) else source.encode())
    return folder


#: Of those that never answer. A busy machine must not make a right one late: others have more.
SHORT = {"answer_seconds": 1, "memory_mb": 500}
SETTINGS = {"lr": 0.01, "momentum": 0.9}


def make_assignment(**keys):
    content = {
        "rule": "momentum",
        "against": "torch.optim.SGD",
        "settings": [{"name": "usual", "set": SETTINGS}],
        "iterations": 20,
        "limits": {"wall_seconds": 900, "answer_seconds": 90, "memory_mb": 500},
    }
    return from_dict({**content, **keys})
