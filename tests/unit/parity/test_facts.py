"""Facts about the steps of a rule: which tensors, from when, and how long the first step is."""

import pytest
import torch

from descent.parity.check import check
from descent.parity.contender import Contender
from descent.parity.facts import describe
from descent.parity.gradients import NETWORK
from descent.parity.paths import Setup


def facts(change, iterations=30, dtype=torch.float64):
    """Describe momentum whose steps are changed by a function of the iteration and the tensor."""

    def rule(parameters, gradients, state, *, lr, momentum):
        t = state["t"] = state.get("t", 0) + 1
        for name, p, g in zip(NETWORK, parameters, gradients, strict=True):
            v = state[name] = momentum * state.get(name, 0) + g
            p.sub_(change(t, name, lr * v))

    settings = {"lr": 0.01, "momentum": 0.9}
    theirs = Contender.load("torch.optim.SGD", settings)
    setup = Setup(NETWORK, "ordinary", [{}] * iterations, dtype)
    return describe(setup, setup.follow(Contender("rule", settings, rule)), setup.follow(theirs))


FROM_10 = "the first 9 iterations agree"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda t, name, step: step, []),
        (lambda t, name, step: step / 128, ["the first step is 1/128 of the reference's"]),
        (lambda t, name, step: 2.5 * step, ["the first step is 2.5 times the reference's"]),
        (lambda t, name, step: -step, ["the first step is -1 times the reference's"]),
        (
            lambda t, name, step: step * (t > 1),
            ["the first step is missing"],
        ),
        (
            lambda t, name, step: step * (1 + (t == 10)),
            [FROM_10, "the step of iteration 10 is 2 times the reference's"],
        ),
        (
            lambda t, name, step: step * (t != 10),
            [FROM_10, "the step of iteration 10 is missing"],
        ),
        (
            lambda t, name, step: step / 4 if t > 1 else step,
            [
                "the first iteration agrees",
                "the step of iteration 2 is 1/4 of the reference's",
            ],
        ),
        (lambda t, name, step: step * (name != "W1"), ["never updated: W1"]),
        (lambda t, name, step: step * (name[0] == "W"), ["never updated: b0, b1, b2"]),
        (
            lambda t, name, step: 2 * step if name == "b2" else step,
            ["only b2 of W0, b0, W1, b1, W2, b2 differ"],
        ),
        (
            lambda t, name, step: step + 0.01 * step.sign(),
            ["the first step of W0[0, 0] is 0.0113408, where the reference's is 0.00134084"],
        ),
    ],
)  # fmt: skip
def test_facts(change, found):
    assert facts(change)[: len(found) or None] == found


def test_a_ratio_is_that_of_the_steps_that_differ():
    assert "the first step is 2 times the reference's" in facts(
        lambda t, name, step: 2 * step if name == "b2" else step
    )


def test_something_kept_in_float32():
    [fact] = facts(lambda t, name, step: step.float().double())
    assert "as small as the rounding of float32" in fact
    assert facts(lambda t, name, step: step.float().double(), dtype=torch.float32) == []


def test_a_larger_difference_is_not_blamed_on_float32():
    for factor in (1 + 1e-3, 1 + 1e-2):
        assert not any(
            "float32" in fact for fact in facts(lambda t, name, step, f=factor: f * step)
        )


def test_steps_that_have_no_common_ratio_get_none():
    found = facts(lambda t, name, step: step + 0.001 * torch.arange(step.numel()).view_as(step))
    assert not any("times" in fact or " of the reference" in fact for fact in found)


def test_no_fact_says_1_times():
    for off in (1e-4, 1e-6, 1e-9, 1e-12):
        found = facts(lambda t, name, step, off=off: (1 + off) * step)
        assert not any(" 1 times" in fact for fact in found)


def test_what_is_far_apart_in_training_is_not_blamed_on_float32():
    """As with eps, which hardly shows where gradients are as large as these."""

    def adam(parameters, gradients, state, *, lr, eps=1e-7):
        t = state["t"] = state.get("t", 0) + 1
        for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
            m = state[f"m{i}"] = 0.9 * state.get(f"m{i}", 0) + 0.1 * g
            v = state[f"v{i}"] = 0.999 * state.get(f"v{i}", 0) + 0.001 * g * g
            p -= lr * (1 - 0.999**t) ** 0.5 / (1 - 0.9**t) * m / (v.sqrt() + eps)

    [hint] = check(adam, "torch.optim.Adam", {"lr": 0.01}, iterations=30).hints
    assert "is it eps, its value or its place?" in hint and "float32" not in hint
