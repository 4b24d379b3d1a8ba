"""What `descent check` says about a wrong update rule: the mistake it looks like, or facts."""

import ast
import inspect

import pytest

from checking import MOMENTUM
from descent.cli import main
from descent.parity import mutants
from expected_hints import expected_hint


def source_of(mutant):
    """Write a file with one update rule of the catalogue, and what it uses."""
    module = ast.parse(inspect.getsource(mutants))
    others = {rule.__name__ for rule in mutants.MUTANTS} - {mutant}
    module.body = [
        part
        for part in module.body
        if getattr(part, "name", "") not in others and "MUTANTS" not in ast.unparse(part)
    ]
    return ast.unparse(module)


#: Those that are not slow: each is told by something else.
SOME = {
    *("exponential_average", "forgotten_velocity", "half_precision_velocity"),
    *("replaced_parameters", "velocity_of_another_run"),
}
NAMES = [rule.__name__ for rule in mutants.MUTANTS]


@pytest.mark.parametrize(
    "mutant",
    [pytest.param(name, marks=[] if name in SOME else pytest.mark.slow) for name in NAMES],
)
def test_every_known_mistake_is_named(check, mutant):
    code, said = check(source_of(mutant), mutant)
    assert code == 1
    hints = [line for line in said.splitlines() if "hint: " in line or "no parameter" in line]
    assert len(hints) == 1
    assert expected_hint(mutant) in hints[0]


HEADER = """
import torch

def velocity(parameters, state):
    if not state:
        state["v"] = [torch.zeros_like(p) for p in parameters]
    return state["v"]

def rule(parameters, gradients, state, *, lr, momentum):
    t = state.get("t", 0) + 1
    for i, (p, g, v) in enumerate(zip(parameters, gradients, velocity(parameters, state))):
"""


OWN_WORDS = {
    "v.lerp_(g, 1 - momentum); p -= lr * v": "looks like exponential average",
    "v += (g if t == 1 else (1 - momentum) * g) - (1 - momentum) * v; p -= lr * v": "dampening",
    "v.mul_(momentum).add_(g); p -= lr * momentum * v + lr * g": "looks like nesterov",
    "p -= lr * v; v.mul_(momentum).add_(g)": "looks like late velocity",
    "v.mul_(momentum).add_(g); p += lr * v": "looks like wrong sign",
    "p -= lr * g": "looks like no momentum",
    "v.copy_((momentum * v + g).float()); p -= lr * v": "looks like single precision",
    "v.mul_(momentum).add_(g + 5e-4 * p); p -= lr * v": "iteration 1, tensor",
    "v.mul_(momentum).add_(g); p -= 0.5 * lr * v": "the first step is 0.5 times the reference's",
    "v.mul_(0 if t == 30 else momentum).add_(g); p -= lr * v": "the first 29 iterations agree",
    "v.mul_(momentum).add_(g if i != 2 else 2 * g); p -= lr * v": "only W1 of W0, b0, W1, b1, W2",
    "v.mul_(momentum).add_(g); p -= lr * v * (i != 2)": "never updated: W1",
    "v.mul_(momentum).add_(g); p -= lr * v / (v.norm() * 0)": "infinite or NaN",
}


#: Those that are slow: they look like a known mistake, as others do.
MORE = [line for line, said in OWN_WORDS.items() if said.startswith("looks like")][2:]


@pytest.mark.parametrize(
    "line",
    [pytest.param(line, marks=pytest.mark.slow if line in MORE else []) for line in OWN_WORDS],
)
def test_a_mistake_in_other_words_is_recognised(check, line):
    code, said = check(f"{HEADER}        {line}\n    state['t'] = t\n", "rule")
    assert code == 1
    assert OWN_WORDS[line] in said


def test_plain_momentum_is_recognised_where_nesterov_is_asked_for(capsys):
    arguments = [*MOMENTUM, "--set-reference", "nesterov=true", "--iterations", "20"]
    assert main(["check", "scratch.sgd_momentum", *arguments]) == 1
    assert "looks like sgd momentum" in capsys.readouterr().out
