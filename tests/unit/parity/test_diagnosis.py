"""What `descent check` says about a wrong update rule: the mistake it looks like, or facts.

The mistakes here are written independently of the catalog with which the check compares them.
"""

import inspect
from pathlib import Path

import pytest
import torch

import momentum_mutants
from checking import MOMENTUM
from descent.cli import main
from descent.parity import catalog, diagnosis
from descent.parity.check import check

WRONG = Path(inspect.getfile(momentum_mutants)).read_text()


def hints(said):
    """Return the hints; an exception is one, too."""
    return [line for line in said.splitlines() if "hint: " in line or "no parameter" in line]


#: Words of the hint for each mistake in momentum.
HINTS = {
    "exponential_average": "the gradients are averaged, with a factor 1 - momentum",
    "dampening": "all gradients but the first are dampened by a factor 1 - momentum",
    "running_mean": "the step is along the mean of all gradients so far",
    "nesterov": "this is the reference with nesterov=True",
    "learning_rate_in_velocity": "with lr changed half-way, this looks like torch.optim.SGD with a "
    "mistake: the learning rate is part of the velocity",
    "no_momentum": "there is no momentum: the old velocity is lost or not stored",
    "one_minus_momentum": "momentum is replaced by 1 - momentum",
    "late_velocity": "the velocity is updated after the step",
    "stale_gradient": "the gradient of the previous iteration is used",
    "accumulated_gradient": "the gradients are never cleared",
    "shared_memory": "velocity and gradient share memory",
    "forgotten_velocity": "the state is lost after a few dozen iterations",
    "velocity_of_another_run": "something is kept outside `state`",
    "wrong_sign": "it goes uphill: the sign of the gradient is wrong",
    "subtracted_velocity": "the old velocity is subtracted, v <- g - mu v",
    "weight_decay": "this is the reference with weight_decay = 0.0001, not 0",
    "decoupled_weight_decay": "the weights shrink by the factor 1 - 1e-06 in every iteration",
    "last_bias_left_out": "the last parameter is left out",
    "biases_left_out": "the biases are left out",
    "biases_without_momentum": "the biases have no momentum",
    "wrong_tensor": "the gradients of two tensors of the same shape are swapped",
    "learning_rate_off": "the learning rate, or every step, is 1.001 times the reference's",
    "momentum_off": "this is the reference with momentum = 0.8991, not 0.9",
    "decaying_learning_rate": "the learning rate decays although it should be constant",
    "skipped_first_step": "the first iteration only fills the state and takes no step",
    "two_steps": "the update is made twice in every iteration",
    "replaced_parameters": "update them in place",
    "half_precision_velocity": "the velocity is kept in float16",
    "single_precision_velocity": "the velocity is kept in float32 where the parameters are float64",
    "normalized_gradient": "the gradient of each tensor is divided by its norm",
    "sign_of_gradient": "only the sign of the gradient is used",
}

#: Those that are not slow: each is told by something else.
SOME = {
    *("exponential_average", "nesterov", "momentum_off", "replaced_parameters"),
    "velocity_of_another_run",
}


def test_all_mistakes_are_tried():
    names = {rule.__name__ for rule in momentum_mutants.MUTANTS} | {"learning_rate_in_velocity"}
    assert set(HINTS) == names and len(names) == 31


@pytest.mark.parametrize(
    "mutant",
    [pytest.param(name, marks=[] if name in SOME else pytest.mark.slow) for name in HINTS],
)
def test_every_known_mistake_is_named(check, mutant):
    code, said = check(WRONG, mutant)
    assert code == (3 if mutant == "learning_rate_in_velocity" else 1)
    [hint] = hints(said)
    assert HINTS[mutant] in hint and " 1 times" not in hint


def test_without_the_catalog_only_facts_are_left(check, monkeypatch):
    monkeypatch.setattr(catalog, "of", lambda rule: [])
    monkeypatch.setattr(diagnosis, "fits", lambda *_: [])
    code, said = check(WRONG, "momentum_off")
    assert code == 1
    assert "hint: with generated gradients, the first iteration agrees" in said
    assert "looks like" not in said


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

LOST = "there is no momentum: the old velocity is lost or not stored"

OWN_WORDS = {
    "v.lerp_(g, 1 - momentum); p -= lr * v": "the gradients are averaged",
    "v += (g if t == 1 else (1 - momentum) * g) - (1 - momentum) * v; p -= lr * v": "are dampened",
    "v.mul_(momentum).add_(g); p -= lr * momentum * v + lr * g": "with nesterov=True",
    "p -= lr * v; v.mul_(momentum).add_(g)": "the velocity is updated after the step",
    "v.mul_(momentum).add_(g); p += lr * v": "the sign of the gradient is wrong",
    "p -= lr * g": LOST,
    "v = momentum * v + g; p -= lr * v": LOST,
    "v = torch.zeros_like(p); v.mul_(momentum).add_(g); p -= lr * v": LOST,
    "v = state.setdefault(p.shape, torch.zeros_like(p)).mul_(momentum).add_(g); p -= lr * v": (
        "tensors of the same shape share their state"
    ),
    "v.copy_((momentum * v + g).float()); p -= lr * v": "the velocity is kept in float32",
    "v.mul_(momentum).add_(g + 5e-4 * p); p -= lr * v": "weight_decay = 0.0005, not 0",
    "v.mul_(momentum).add_(g); p.mul_(1 - 1e-5).sub_(lr * v)": "shrink by the factor 1 - 1e-05",
    "v.mul_(momentum).add_(g); p -= 0.5 * lr * v": "or every step, is 1/2 of the reference's",
    "v.mul_(momentum).add_(g); p -= lr * v / 128": "or every step, is 1/128 of the reference's",
    "v.mul_(momentum).add_(g / 32); p -= lr * v": "the gradient is divided by a constant",
    "v.mul_(0 if t == 30 else momentum).add_(g); p -= lr * v": "the first 29 iterations agree",
    "v.mul_(momentum).add_(g if i != 2 else 2 * g); p -= lr * v": "only W1 of W0, b0, W1, b1, W2",
    "v.mul_(momentum).add_(g); p -= lr * v * (i != 2)": "never updated: W1",
    "v.mul_(momentum).add_(g); p -= lr * v / (v.norm() * 0)": "infinite or NaN",
}

#: Those that are not slow.
SOME_LINES = {"v = momentum * v + g; p -= lr * v"}


@pytest.mark.parametrize(
    "line",
    [pytest.param(e, marks=[] if e in SOME_LINES else pytest.mark.slow) for e in OWN_WORDS],
)
def test_a_mistake_in_other_words_is_recognised(check, line):
    code, said = check(f"{HEADER}        {line}\n    state['t'] = t\n", "rule")
    assert code == 1
    assert OWN_WORDS[line] in hints(said)[0]
    assert " 1 times" not in said


# Adam

ADAM = """
import torch

def rule(parameters, gradients, state, *, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0):
    t = state["t"] = state.get("t", 0) + 1
    b1, b2 = betas
    for i, (p, g) in enumerate(zip(parameters, gradients)):
        {before}
        m, s = state.setdefault(i, (torch.zeros_like(p), torch.zeros_like(p)))
        m.mul_(b1).add_((1 - b1) * g)
        s.mul_(b2).add_((1 - b2) * g * g)
        mh, sh = m / (1 - b1**t), s / (1 - b2**t)
        {step}
"""
DECAYED, STEP = "g = g + weight_decay * p", "p -= lr * mh / (sh.sqrt() + eps)"


@pytest.mark.parametrize(
    ("reference", "before", "step", "said"),
    [
        (
            "Adam",
            DECAYED,
            "p -= lr * m / (s.sqrt() + eps)",
            "neither the mean of the gradients nor that of their squares is corrected",
        ),
        ("Adam", DECAYED, "p -= lr * mh / (sh + eps).sqrt()", "eps is added under the root"),
        (
            "Adam",
            DECAYED,
            "p -= lr * mh / (sh.sqrt() + 1e-7)",
            "this is the reference with eps = 1e-07, not 1e-08",
        ),
        (
            "AdamW",
            DECAYED,
            STEP,
            "the weight decay is added to the gradient, as in Adam",
        ),
        (
            "AdamW",
            "pass",
            f"{STEP}; p *= 1 - lr * weight_decay",
            "the weights are shrunk after the step instead of before",
        ),
        (
            "Adam",
            DECAYED,
            "p -= lr * (mh.float() / (sh.float().sqrt() + eps)).to(p.dtype)",
            "is something kept or computed in float32?",
        ),
    ],
)
@pytest.mark.slow
def test_mistakes_in_adam(check, reference, before, step, said):
    decay = ["--set", "weight_decay=0.1"] if reference == "AdamW" else []
    adam = ["--against", f"torch.optim.{reference}", "--set", "lr=0.01", *decay]
    code, text = check(ADAM.format(before=before, step=step), "rule", *adam)
    assert code == 1
    assert said in hints(text)[0] and " 1 times" not in text


# What a hint must not say

SGD = """
import torch

def rule(parameters, gradients, state, *, lr):
    for i, (p, g) in enumerate(zip(parameters, gradients)):
        {line}
"""


@pytest.mark.parametrize(
    "line",
    [
        "p -= lr * g.clamp(-0.01, 0.01)",
        *(
            pytest.param(line, marks=pytest.mark.slow)
            for line in (
                "p -= lr * g * (1 + (i == 1))",
                "p -= lr * g / g.norm()",
                "p -= lr * g.sign()",
                "p -= lr * g * g.abs()",
                "p -= lr * g + lr * 0.01",
            )
        ),
    ],
)
def test_another_mistake_is_not_called_weight_decay(check, line):
    """Without momentum, a coupled and a decoupled weight decay are the same."""
    code, said = check(SGD.format(line=line), "rule", *MOMENTUM[:4])
    assert code == 1
    assert "decay" not in said and "shrink" not in said
    assert len(hints(said)) > 0


def test_nearly_the_same_rate_is_not_called_1_times(check):
    _, said = check(SGD.format(line="p -= lr * g * (1 + 1e-9)"), "rule", *MOMENTUM[:4])
    assert "different" in said and hints(said)
    assert " 1 times" not in said


def test_another_rule_is_recognised(capsys):
    arguments = [*MOMENTUM, "--set-reference", "nesterov=true", "--iterations", "20"]
    assert main(["check", "scratch.sgd_momentum", *arguments]) == 1
    assert "this is the reference with nesterov=False" in capsys.readouterr().out


@pytest.mark.slow
def test_the_rule_of_another_paper_is_recognised(capsys):
    arguments = ["--against", "torch.optim.Adam", "--set", "lr=0.01", "--iterations", "20"]
    assert main(["check", "scratch.adamax", *arguments]) == 1
    assert "this takes the steps of another rule, scratch.adamax" in capsys.readouterr().out


class DecaysApart(torch.optim.Optimizer):
    """SGD with decoupled weight decay, which is that of torch where weights do not decay."""

    def __init__(self, params, lr, momentum, weight_decay=0.0):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    v = self.state[p].setdefault("v", torch.zeros_like(p))
                    v.mul_(group["momentum"]).add_(p.grad)
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.sub_(group["lr"] * v)


class MixesGroups(torch.optim.SGD):
    def step(self, closure=None):
        first = self.param_groups[0]
        for group in self.param_groups[1:]:
            group |= {name: first[name] for name in ("lr", "momentum", "weight_decay")}
        super().step()


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (DecaysApart, "with weight_decay=0.1, this looks like torch.optim.SGD with a mistake: the"),
        (MixesGroups, "the groups of parameters are not treated apart"),
    ],
)
def test_groups_are_blamed_only_for_what_one_group_does_not_show(rule, said):
    settings = {"lr": 0.01, "momentum": 0.9}
    report = check(rule, "torch.optim.SGD", settings, iterations=20)
    assert report.trials["trial"].iloc[-1].startswith("two groups")
    assert report.hints[0].startswith(said), report.hints
