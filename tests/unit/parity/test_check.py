"""`descent check`, called as a user would: verdicts, places and errors."""

import inspect
from pathlib import Path

import pytest

import correct_momentum
import momentum_mutants
from descent.cli import main

WRONG = Path(inspect.getfile(momentum_mutants)).read_text()


#: Those that are not slow; test_replay.py holds all against torch's.
SOME = {"in_place", "two_terms", "scaled_velocity", "two_points", "foreach"}


#: They keep the learning rate in the velocity, or the velocity in the parameters.
ONLY_AT_A_CONSTANT_RATE = {"scaled_velocity", "two_points"}


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(
            rule, id=rule.__name__, marks=[] if rule.__name__ in SOME else pytest.mark.slow
        )
        for rule in correct_momentum.CORRECT
    ],
)
def test_a_correct_rule_passes(check, rule):
    code, said = check(inspect.getsource(correct_momentum), rule.__name__)
    if rule.__name__ in ONLY_AT_A_CONSTANT_RATE:
        assert code == 3
        assert "verdict: the same rule at constant hyperparameters" in said
        assert "with lr halved half-way: " in said
    else:
        assert code == 0
        assert "verdict: identical" in said or "verdict: equal to rounding" in said


def test_the_place_where_a_difference_begins_is_printed(check):
    _, said = check(WRONG, "forgotten_velocity")
    for dtype in ("float32", "float64"):
        [line] = [line for line in said.splitlines() if line.startswith(f"  {dtype}: different")]
        assert "begins at iteration 50, tensor " in line
        assert line.endswith(", run 1")


def test_a_subclass_of_torchs_class_passes(check):
    source = "import torch\nclass Mine(torch.optim.SGD):\n    pass\n"
    code, said = check(source, "Mine")
    assert (code, "verdict: identical" in said) == (0, True)


def test_other_optimizers_are_checked_too(capsys):
    adam = ["--against", "torch.optim.Adam", "--set", "lr=1e-3", "--set", "betas=[0.8, 0.99]"]
    assert main(["check", "scratch.adam", *adam, "--iterations", "20"]) == 0
    assert main(["check", "scratch.adamax", *adam, "--iterations", "20"]) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("p.sub_(lr * state['v'])", "my_rules.py, line 3: KeyError: 'v'"),
        ("p.sub_(lr * g", "my_rules.py, line 3: syntax error"),
    ],
)
def test_an_error_in_the_rule_is_shown_with_its_line(check, body, said):
    source = "def rule(w, gradients, state, *, lr, momentum):\n    for p, g in zip(w, gradients):\n"
    code, text = check(f"{source}        {body}\n", "rule")
    assert code == (2 if "syntax" in said else 1)
    assert said in text and "Traceback" not in text
