"""`descent check` and `descent new`, called as a user calls them."""

import inspect
import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import correct_momentum
from descent.cli import main
from descent.parity import mutants

PROJECT = Path(__file__).parents[3]
CATALOGUE = Path(inspect.getfile(mutants)).read_text()
MOMENTUM = ["--against", "torch.optim.SGD", "--set", "lr=0.01", "--set", "momentum=0.9"]

#: Mistakes that are found by another sign than by their steps.
OTHER_HINTS = {
    "replaced_parameters": "update them in place",
    "velocity_of_another_run": "something is kept outside `state`",
}


@pytest.fixture
def check(tmp_path, capsys):
    """Write rules into a file and check one of them; return the exit code and what was said."""

    def check(source, rule, *arguments, iterations=60):
        file = tmp_path / "my_rules.py"
        file.write_text(source)
        arguments = arguments or MOMENTUM
        code = main(["check", f"{file}:{rule}", *arguments, "--iterations", str(iterations)])
        said = capsys.readouterr()
        return code, said.out + said.err

    return check


@pytest.mark.parametrize("mutant", [rule.__name__ for rule in mutants.MUTANTS])
def test_every_known_mistake_is_named(check, mutant):
    code, said = check(CATALOGUE, mutant)
    assert code == 1
    hints = [line for line in said.splitlines() if "hint: " in line or "no parameter" in line]
    assert len(hints) == 1
    assert OTHER_HINTS.get(mutant, f"looks like {mutant.replace('_', ' ')};") in hints[0]


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
    "v.mul_(momentum).add_(g); p -= lr * v * (i != 2)": "W1 never change",
    "v.mul_(momentum).add_(g); p -= lr * v / (v.norm() * 0)": "infinite or not a number",
}


@pytest.mark.parametrize("line", OWN_WORDS)
def test_a_mistake_in_other_words_is_recognised(check, line):
    code, said = check(f"{HEADER}        {line}\n    state['t'] = t\n", "rule")
    assert code == 1
    assert OWN_WORDS[line] in said


@pytest.mark.parametrize("rule", correct_momentum.CORRECT, ids=lambda rule: rule.__name__)
def test_a_correct_rule_passes(check, rule):
    code, said = check(inspect.getsource(correct_momentum), rule.__name__)
    assert code == 0
    assert "verdict: identical" in said or "verdict: equal to rounding" in said
    assert ("learning rate is constant" in said) == (
        rule.__name__ in ("scaled_velocity", "two_points")
    )


def test_the_place_where_a_difference_begins_is_printed(check):
    _, said = check(CATALOGUE, "forgotten_velocity")
    for dtype in ("float32", "float64"):
        [line] = [line for line in said.splitlines() if line.startswith(f"  {dtype}: different")]
        assert "begins at iteration 50, tensor " in line
        assert line.endswith("seed 0, run 1")


def test_a_subclass_of_torchs_class_passes(check):
    source = "import torch\nclass Mine(torch.optim.SGD):\n    pass\n"
    code, said = check(source, "Mine")
    assert (code, "verdict: identical" in said) == (0, True)


def test_plain_momentum_is_recognised_where_nesterov_is_asked_for(capsys):
    arguments = [*MOMENTUM, "--set-reference", "nesterov=true", "--iterations", "20"]
    assert main(["check", "scratch.sgd_momentum", *arguments]) == 1
    assert "looks like sgd momentum" in capsys.readouterr().out


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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.py:rule", *MOMENTUM], "descent: nowhere.py: no such file"),
        (["my_rules.py", *MOMENTUM], "descent: my_rules.py names no rule"),
        (["scratch.sgd", *MOMENTUM], "momentum: scratch.sgd takes no momentum here; it takes lr; "
         "--set is for both, --set-rule and --set-reference are for one"),
        (["scratch.sgd_momentum", "--against", "torch.optim.SGD", "--set", "lr=1"],
         "momentum: missing; scratch.sgd_momentum needs lr, momentum"),
        (["scratch.sgd", "--against", "torch.optim.SDG", "--set", "lr=1"],
         "torch.optim.SDG is unknown"),
        (["scratch.sgd", "--against", "torch.optim.SGD", "--set", "lr"], "must be KEY=VALUE"),
        (["scratch.sgd", *MOMENTUM, "--set", "lr=1"], "--set lr=1: lr is given twice"),
        (["scratch.sgd", "--against", "torch.optim.SGD", "--set", "lr=nan"], "must be finite"),
        (["scratch.sgd", "--against", "torch.optim.SGD", "--set", "lr=-1"],
         "torch.optim.SGD: Invalid learning rate: -1"),
        (["scratch.sgd", "--against", "torch.optim.SGD", "--set", "lr=fast"], "torch.optim.SGD: "),
        (["scratch.sgd", "--against", "torch.optim.SGD", "--set", "lr=1e40"], "without overflow"),
        (["scratch.sgd", "--against", "torch.optim.SGD", "--set", "lr=1e38"],
         "torch.optim.SGD: diverges after 1 iterations; choose a smaller lr"),
        (["scratch.sgd", "--against", "torch.optim.SGD", "--set", "lr=[1"], "is no YAML"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_clear_line(arguments, said, capsys):
    assert main(["check", *arguments]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert said in line and line.startswith("descent: ")


def test_the_script_of_the_package_is_this_command():
    scripts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, function = scripts["descent"].partition(":")
    assert getattr(import_module(module), function) is main


def test_a_new_rule_passes_its_test_and_fails_it_when_it_is_wrong(tmp_path):
    """In processes of their own, as a user has it: `python -m descent`, then pytest."""

    def python(*arguments):
        environment = {**os.environ, "PYTHONPATH": str(PROJECT / "src")}
        command = [sys.executable, "-m", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )

    assert python("descent", "new", "mine").returncode == 0
    files = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert files.keys() == {"mine.py", "test_mine.py"}
    again = python("descent", "new", "mine")
    assert again.returncode == 2 and "mine.py: exists already" in again.stderr
    assert python("pytest", "test_mine.py").returncode == 0

    (tmp_path / "mine.py").write_text(files["mine.py"].replace("sub_(lr * g", "sub_(3 * lr * g"))
    process = python("pytest", "test_mine.py")
    assert process.returncode == 1
    assert "the first step is 3 times the reference's" in process.stdout


@pytest.mark.parametrize("name", ["my-rule", "class", "../x", ""])
def test_a_rule_needs_a_name(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new", name]) == 2
    assert "not a valid Python name" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
