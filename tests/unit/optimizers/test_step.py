"""Wrong update rules, which must not agree with torch.optim; test_scratch.py has the right ones."""

from functools import partial

import pytest
import torch

import momentum_mutants as mutants
from descent.optimizers.scratch.sgd import sgd
from descent.optimizers.scratch.sgd_momentum import sgd_momentum
from descent.optimizers.step import make_step

SHAPES = [(3, 4, 5), (3, 4, 1), (3, 2, 4), (3, 2, 1)]  # stacked over 3 seeds
ITERATIONS = 50


def trajectory(step_maker, dtype=torch.float64, iterations=ITERATIONS):
    """Replay the same random gradients and keep the parameters of every iteration."""
    random = torch.Generator().manual_seed(1)
    parameters = [torch.randn(shape, generator=random, dtype=dtype) for shape in SHAPES]
    step = step_maker(parameters)
    visited = []
    for _ in range(iterations):
        step([torch.randn(shape, generator=random, dtype=dtype) for shape in SHAPES])
        visited.append([parameter.clone() for parameter in parameters])
    return visited


def scratch(rule, **hyperparameters):
    def make(parameters):
        state = {}
        return lambda gradients: rule(parameters, gradients, state, **hyperparameters)

    return make


def named(optimizer, hyperparameters):
    return lambda parameters: make_step(optimizer, parameters, hyperparameters)


def agree(one, other, rtol=1e-12):
    return all(
        torch.allclose(a, b, rtol=rtol, atol=rtol)
        for left, right in zip(one, other, strict=True)
        for a, b in zip(left, right, strict=True)
    )


def shares_gradient_with_velocity(parameters, gradients, state, *, lr, momentum):
    if not state:
        state["velocity"] = gradients
    for p, g, v in zip(parameters, gradients, state["velocity"], strict=True):
        v.mul_(momentum).add_(g)
        p.sub_(v, alpha=lr)


@pytest.mark.parametrize(
    "mutant",
    [
        mutants.exponential_average,
        mutants.nesterov,
        partial(mutants.forgotten_velocity, at=ITERATIONS - 1),
        mutants.wrong_sign,
        mutants.last_bias_left_out,
        mutants.learning_rate_off,
        mutants.weight_decay,
        shares_gradient_with_velocity,
    ],
)
def test_a_wrong_momentum_does_not_agree(mutant):
    settings = {"lr": 0.01, "momentum": 0.9}
    correct = trajectory(named("torch.optim.SGD", settings))
    assert agree(trajectory(scratch(sgd_momentum, **settings)), correct)
    assert not agree(trajectory(scratch(mutant, **settings)), correct)


def test_momentum_without_state_is_not_momentum():
    def forgetful(parameters):
        return lambda g: sgd_momentum(parameters, g, {}, lr=0.01, momentum=0.9)

    correct = trajectory(named("torch.optim.SGD", {"lr": 0.01, "momentum": 0.9}))
    assert not agree(trajectory(forgetful), correct)
    assert agree(trajectory(forgetful), trajectory(scratch(sgd, lr=0.01)))


def test_rules_leave_gradients_as_they_are():
    for rule, settings in ((sgd, {"lr": 0.1}), (sgd_momentum, {"lr": 0.1, "momentum": 0.9})):
        parameters, gradients, state = [torch.ones(2, 3)], [torch.full((2, 3), 0.5)], {}
        for _ in range(3):
            rule(parameters, gradients, state, **settings)
        assert torch.equal(gradients[0], torch.full((2, 3), 0.5))
