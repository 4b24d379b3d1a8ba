"""`descent check`, called as a user would: verdicts, places and errors."""

import inspect
import json
from pathlib import Path

import pytest
import torch

import correct_momentum
import momentum_mutants
from checking import MOMENTUM
from descent import cli
from descent.cli import main
from descent.errors import RuleError
from descent.parity import THOROUGH, trials
from descent.parity import check as checking
from descent.parity import replay as replaying
from descent.parity.verdict import IDENTICAL
from pretended import pretending

WRONG = Path(inspect.getfile(momentum_mutants)).read_text()


#: Those that are not slow; test_replay.py holds all against torch's.
SOME = {"scaled_velocity"}


#: They keep the learning rate in the velocity, or the velocity in the parameters, or divide the
#: velocity by what depends on the momentum.
ONLY_WHILE_CONSTANT = {"scaled_velocity": "lr", "two_points": "lr", "rescaled_average": "momentum"}


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
    if changed := ONLY_WHILE_CONSTANT.get(rule.__name__):
        assert code == 3
        assert "verdict: the same rule at constant hyperparameters" in said
        assert f"with {changed} changed half-way: " in said
    else:
        assert code == 0
        assert "verdict: identical" in said or "verdict: equal to rounding" in said


def test_the_place_where_a_difference_begins_is_printed(check):
    _, said = check(WRONG, "forgotten_velocity")
    for dtype in ("float32", "float64"):
        [line] = [line for line in said.splitlines() if line.startswith(f"  {dtype}: different")]
        assert line == f"  {dtype}: different from iteration 50 on"
    assert "  iteration 50, W0[" in said and "; the first 49 steps are right" in said


def test_a_subclass_of_torchs_class_passes(one_trial, check):
    source = "import torch\nclass Mine(torch.optim.SGD):\n    pass\n"
    code, said = check(source, "Mine")
    assert (code, "verdict: identical" in said) == (0, True)


def test_other_optimizers_are_checked_too(one_trial, capsys):
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


# Exit codes and what the report says

RULE = """
import torch

def rule(parameters, gradients, state, *, lr, momentum=0.9{options}):
    t = state["t"] = state.get("t", 0) + 1
    for i, (p, g) in enumerate(zip(parameters, gradients)):
        v = state.setdefault(i, torch.zeros_like(p))
        {line}
"""
RIGHT = "p -= lr * v.mul_(momentum).add_(g)"


def of_line(line, options=""):
    return RULE.format(line=line, options=options)


@pytest.mark.parametrize(
    ("line", "arguments", "code", "verdict"),
    [
        (RIGHT, [], 0, "equal to rounding"),
        ("p -= lr * g", [], 1, "different"),
        ("p -= v.mul_(momentum).add_(lr * g)", [], 3, "the same rule at constant hyperparameters"),
        (
            "p -= v.mul_(momentum).add_(lr * g)",
            ["--constant"],
            0,
            "the same rule at constant hyperparameters",
        ),
        ("p -= lr * g", ["--constant"], 1, "different"),
    ],
)
def test_exit_codes(one_trial, check, line, arguments, code, verdict):
    found, said = check(of_line(line), "rule", *MOMENTUM, *arguments, iterations=20)
    assert (found, said.splitlines()[1]) == (code, f"verdict: {verdict}")


def test_less_accurate_is_the_same(one_trial, check):
    """A counter that is a float32 tensor loses digits of 1 - beta^t."""
    source = """
import torch

def rule(parameters, gradients, state, *, lr, betas=(0.9, 0.9999), eps=1e-8):
    t = state.setdefault("t", torch.zeros((), dtype=parameters[0].dtype)).add_(1)
    for i, (p, g) in enumerate(zip(parameters, gradients)):
        m, s = state.setdefault(i, (torch.zeros_like(p), torch.zeros_like(p)))
        m.mul_(betas[0]).add_((1 - betas[0]) * g)
        s.mul_(betas[1]).add_((1 - betas[1]) * g * g)
        p -= lr * (m / (1 - betas[0]**t)) / ((s / (1 - betas[1]**t)).sqrt() + eps)
"""
    adam = ["--against", "torch.optim.Adam", "--set", "lr=0.1", "--set", "betas=[0.9, 0.9999]"]
    code, said = check(source, "rule", *adam, iterations=20)
    assert code == 0
    assert "verdict: the same rule, computed less accurately in float32" in said
    [line] = [line for line in said.splitlines() if line.startswith("  float32: ")]
    assert "x what rounding does to the reference itself" in line


def test_the_report_says_that_the_formula_decided(one_trial, check):
    _, said = check(of_line(RIGHT), "rule", *MOMENTUM, iterations=20)
    for dtype in ("float32", "float64"):
        [line] = [line for line in said.splitlines() if line.startswith(f"  {dtype}: ")]
        assert line.endswith(" x the rounding bound")
        assert "equal to rounding, largest difference 0." in line


def test_the_report_says_that_the_envelope_decided(one_trial, check):
    """A velocity that is the difference of two sums loses digits."""
    line = (
        "w, s = state.setdefault(f'{i}', (p.clone(), torch.zeros_like(p))); "
        "s += g; v.mul_(momentum).add_(g); p.copy_(w - lr / (1 - momentum) * (s - momentum * v))"
    )
    settings = ["--against", "torch.optim.SGD", "--set", "lr=10", "--set", "momentum=0.9999"]
    _, said = check(of_line(line), "rule", *settings, iterations=20)
    assert "x what rounding does to the reference itself, and" in said
    assert "x the formula's bound" in said
    assert "verdict: different" not in said


@pytest.mark.slow
def test_the_report_lists_what_was_checked_and_what_was_not(check):
    source = of_line(f"assert p.ndim, 'no'; {RIGHT}", ", nesterov=False")
    code, said = check(source, "rule", *MOMENTUM, iterations=20)
    assert code == 0
    [same] = [line for line in said.splitlines() if line.startswith("also the same with: ")]
    for trial in ("ordinary gradients", "40 parameters", "lr changed half-way", "momentum=0.45"):
        assert trial in same
    [missing] = [line for line in said.splitlines() if line.startswith("not checked: ")]
    assert "a scalar parameter (the rule raises " in missing
    assert "AssertionError: no)" in missing
    assert "nesterov=True (the rule takes nesterov and ignores it)" in missing
    assert "dampening, weight_decay, maximize (the rule does not take this)" in missing


def test_a_different_rule_has_no_list_of_what_was_not_checked(check):
    _, said = check(of_line("p -= lr * g"), "rule", *MOMENTUM, iterations=20)
    assert "not checked" not in said and "also the same" not in said


def test_a_trial_that_differs_is_named_with_its_place(check):
    line = "p -= lr * v.mul_(momentum).add_(g.clamp(-1e6, 1e6))"
    code, said = check(of_line(line), "rule", *MOMENTUM, iterations=20)
    assert code == 1
    assert "  with large gradients: different from iteration 1 on, in float64\n" in said
    assert "  iteration 1, W0[" in said
    assert "  float64: equal to rounding" in said and "hint: with large gradients, " in said


def test_gradients_that_vanish_are_replaced(one_trial, capsys):
    """At this learning rate, the network soon has no relu that is active."""
    adam = ["--against", "torch.optim.Adam", "--set", "lr=3"]
    assert main(["check", "scratch.adam", *adam, "--iterations", "60"]) == 0
    said = capsys.readouterr().out
    [note] = [line for line in said.splitlines() if line.startswith("note: ")]
    assert "note: the gradients of training vanished in " in note
    assert "of 60 iterations; those of the untrained network took their place" in note


OF_MATRICES = """
import torch

def muon(parameters, gradients, state, *, lr=1e-3, momentum=0.95, weight_decay=0.1):
    for i, (p, g) in enumerate(zip(parameters, gradients)):
        m = state.setdefault(i, torch.zeros_like(p))
        m.lerp_(g, 1 - momentum)
        x = g.lerp(m, momentum).bfloat16()
        tall = x.size(0) > x.size(1)
        x = x.T if tall else x
        x = x / (x.norm() + 1e-7)
        for _ in range(5):
            square = x @ x.T
            x = 3.4445 * x + (-4.775 * square + 2.0315 * square @ square) @ x
        p.mul_(1 - lr * weight_decay)
        p.sub_(lr * {scale} * (x.T if tall else x).to(p.dtype))
"""


@pytest.mark.new_torch
@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        ("max(1, p.size(0) / p.size(1)) ** 0.5", 0),
        pytest.param("1", 1, marks=pytest.mark.slow),
    ],
)
def test_a_rule_for_matrices_gets_biases_as_columns(monkeypatch, check, scale, expected):
    """Like torch's Muon, most people's refuses vectors."""
    outcome = trials.Outcome("nothing else, because all trials take long", IDENTICAL)
    monkeypatch.setattr(trials, "try_everything", lambda *_: [outcome])
    source = OF_MATRICES.replace("{scale}", scale)
    code, said = check(source, "muon", "--against", "torch.optim.Muon", iterations=3)
    assert code == expected, said


def test_thorough_is_as_long_as_the_default_experiment():
    options = cli._parser().parse_args(["check", "a.py:b", "--against", "c", "--thorough"])
    assert options.iterations == THOROUGH == 20 * 469


@pytest.mark.slow
def test_a_mistake_that_begins_late_is_found_by_a_longer_check(check, capsys, tmp_path):
    source = of_line("p -= lr * v.mul_(momentum if t != 501 else 0).add_(g)")
    assert check(source, "rule", *MOMENTUM, iterations=500)[0] == 0
    longer = [*MOMENTUM, "--iterations", "510"]
    assert main(["check", f"{tmp_path / 'my_rules.py'}:rule", *longer]) == 1
    assert "different from iteration 501 on" in capsys.readouterr().out


@pytest.mark.slow
def test_a_class_that_changes_its_gradients_gets_a_note(check):
    source = """
import torch

class Mine(torch.optim.SGD):
    @torch.no_grad()
    def step(self, closure=None):
        super().step()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.grad.zero_()
"""
    code, said = check(source, "Mine", *MOMENTUM, iterations=20)
    assert code == 0 and "note: the same steps, but it changes p.grad" in said


# Other forms, and other outputs

ONE_ARRAY = """
import numpy as np

def momentum(w, dw, config=None):
    config = config or {}
    config.setdefault("learning_rate", 1e-2)
    v = config.get("velocity", np.zeros_like(w))
    v = config.get("momentum", 0.9) * v + dw * KEPT
    config["velocity"] = v
    return w - config["learning_rate"] * v, config

KEPT = 1
"""


@pytest.mark.parametrize(("kept", "expected"), [("KEPT = 1", 0), ("KEPT = 0.1", 1)])
def test_a_rule_of_another_form_is_checked_as_it_is(one_trial, check, kept, expected):
    code, said = check(ONE_ARRAY.replace("KEPT = 1", kept), "momentum", iterations=10)
    assert code == expected
    note = "note: taken as one array at a time, with its state in config; learning_rate is lr"
    assert note in said


def test_the_form_can_be_given(one_trial, check):
    form = [*MOMENTUM, "--form", "dict"]
    code, said = check(ONE_ARRAY, "momentum", *form, iterations=10)
    assert code == 1 and "my_rules.py: momentum has none of the forms" in said


def test_the_whole_report_as_json(one_trial, check):
    code, said = check(of_line(RIGHT), "rule", *MOMENTUM, "--json", iterations=10)
    report = json.loads(said)
    assert code == 0 and report["passed"] is True and report["verdict"] == "equal to rounding"
    assert [row["dtype"] for row in report["table"]] == ["float32", "float64"]
    assert report["trials"][0]["trial"] == "lr changed half-way"
    assert report["first_steps"] == [] and report["hints"] == []


def test_a_file_is_loaded_once(one_trial, check, tmp_path):
    source = of_line(RIGHT) + f"\nopen({str(tmp_path / 'runs')!r}, 'a').write('x')\n"
    assert check(source, "rule", iterations=5)[0] == 0
    assert (tmp_path / "runs").read_text() == "x"


def test_a_file_that_keeps_something_outside_is_loaded_for_every_network(one_trial, check):
    source = of_line("V.setdefault(i, torch.zeros_like(p)).mul_(momentum).add_(g); p -= lr * V[i]")
    code, said = check(source + "\nV = {}\n", "rule", iterations=20)
    assert code == 1
    assert "hint: the first run is right, but a second one in the same process does not" in said


@pytest.mark.parametrize(
    ("rule", "more"), [("scratch.sgd_momentum", {}), ("torch.optim.SGD", {"nesterov": True})]
)
def test_a_check_on_a_device_leaves_nothing_on_the_cpu(rule, more, one_trial):
    """Here the device computes like the CPU, so that the reports are the same."""
    settings = {"lr": 0.01, "momentum": 0.9}
    arguments = rule, "torch.optim.SGD", settings | more, settings, 3
    on_cpu = checking.check(*arguments)
    with pretending(checking, replaying) as device:
        away = checking.check(*arguments)
    assert str(away) == str(on_cpu).replace("each twice", "each twice, on meta", 1)
    assert on_cpu.passed == (not more) and device.fetched


def test_a_rule_that_works_on_the_cpu_only_fails_on_a_device(tmp_path, one_trial):
    file = tmp_path / "rules.py"
    file.write_text(
        "import torch\n\n\ndef mine(parameters, gradients, state, *, lr):\n"
        "    for p, g in zip(parameters, gradients):\n"
        "        p.sub_(torch.full(p.shape, lr) * g)\n"
    )
    arguments = f"{file}:mine", "torch.optim.SGD", {"lr": 0.01}, None, 3
    assert checking.check(*arguments).passed
    with (
        pytest.raises(RuleError, match=r"rules\.py, line 6: Mixed"),
        pretending(checking, replaying),
    ):
        checking.check(*arguments)


def test_a_gpu_that_is_not_there_is_wrong_usage(capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main(["check", "scratch.sgd_momentum", *MOMENTUM, "--device", "cuda"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("descent: device: cuda cannot be used: torch ")
    isolated = ["check", "mine.py:mine", *MOMENTUM[:2], "--isolate", "--device", "cuda"]
    monkeypatch.setattr(cli, "check_hyperparameters", lambda *arguments: None)
    monkeypatch.setattr(cli, "check_values", lambda *arguments: None)
    assert main(isolated) == 2
    assert "--device: cuda cannot be used with --isolate" in capsys.readouterr().err
