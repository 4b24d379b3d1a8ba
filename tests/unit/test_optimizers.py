"""Wrong rules, which must not agree with torch.optim; test_zoo.py has those that must."""

import pytest
import torch

from descent.optimizers import make_step
from descent.optimizers.sgd import sgd
from descent.optimizers.sgd_momentum import sgd_momentum

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


def exponential_average(parameters, gradients, state, *, lr, momentum):
    velocity = state.setdefault("velocity", [torch.zeros_like(p) for p in parameters])
    for p, g, v in zip(parameters, gradients, velocity, strict=True):
        v.mul_(momentum).add_(g, alpha=1 - momentum)
        p.sub_(v, alpha=lr)


def nesterov(parameters, gradients, state, *, lr, momentum):
    velocity = state.setdefault("velocity", [torch.zeros_like(p) for p in parameters])
    for p, g, v in zip(parameters, gradients, velocity, strict=True):
        v.mul_(momentum).add_(g)
        p.sub_(g + momentum * v, alpha=lr)


def forgets_velocity_late(parameters, gradients, state, *, lr, momentum):
    state["iteration"] = state.get("iteration", 0) + 1
    if state["iteration"] == ITERATIONS - 1:
        del state["velocity"]
    velocity = state.setdefault("velocity", [torch.zeros_like(p) for p in parameters])
    for p, g, v in zip(parameters, gradients, velocity, strict=True):
        v.mul_(momentum).add_(g)
        p.sub_(v, alpha=lr)


def ascends(parameters, gradients, state, *, lr, momentum):
    sgd_momentum(parameters, [-g for g in gradients], state, lr=lr, momentum=momentum)


def skips_last_bias(parameters, gradients, state, *, lr, momentum):
    sgd_momentum(parameters[:-1], gradients[:-1], state, lr=lr, momentum=momentum)


def learning_rate_off_by_a_permille(parameters, gradients, state, *, lr, momentum):
    sgd_momentum(parameters, gradients, state, lr=1.001 * lr, momentum=momentum)


def decays_weights(parameters, gradients, state, *, lr, momentum):
    gradients = [g + 1e-4 * p for p, g in zip(parameters, gradients, strict=True)]
    sgd_momentum(parameters, gradients, state, lr=lr, momentum=momentum)


def shares_gradient_with_velocity(parameters, gradients, state, *, lr, momentum):
    if not state:
        state["velocity"] = gradients
    for p, g, v in zip(parameters, gradients, state["velocity"], strict=True):
        v.mul_(momentum).add_(g)
        p.sub_(v, alpha=lr)


@pytest.mark.parametrize(
    "mutant",
    [
        exponential_average,
        nesterov,
        forgets_velocity_late,
        ascends,
        skips_last_bias,
        learning_rate_off_by_a_permille,
        decays_weights,
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
