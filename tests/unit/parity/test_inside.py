"""Rules that let torch.optim take their steps."""

import cProfile
import sys

import pytest
import torch
from torch.optim.sgd import sgd as functional_sgd

import descent
from descent.parity.contender import Contender
from descent.parity.inside import torch_inside

MOMENTUM = {"lr": 0.01, "momentum": 0.9}


def kept(parameters, gradients, state, *, lr, momentum):
    if "optimizer" not in state:
        state["optimizer"] = torch.optim.SGD(parameters, lr=lr, momentum=momentum)
    _step(state["optimizer"], parameters, gradients)


def anew(parameters, gradients, state, *, lr, momentum):
    _step(torch.optim.SGD(parameters, lr=lr, momentum=momentum), parameters, gradients)


def _step(optimizer, parameters, gradients):
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    optimizer.step()


def functional(parameters, gradients, state, *, lr, momentum):
    buffers = state.setdefault("buffers", [None] * len(parameters))
    settings = {"dampening": 0, "nesterov": False, "maximize": False, "weight_decay": 0}
    functional_sgd(parameters, gradients, buffers, lr=lr, momentum=momentum, **settings)


class Derived(torch.optim.SGD):
    def step(self):
        super().step()


class Around:
    def __init__(self, params, lr, momentum):
        self.optimizer = torch.optim.SGD(params, lr=lr, momentum=momentum)

    def step(self):
        self.optimizer.step()


class Own(torch.optim.Optimizer):
    def __init__(self, params, lr, momentum):
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p -= group["lr"] * p.grad


def by_hand(parameters, gradients, state, *, lr, momentum):
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.sub_(lr * gradient)


@pytest.mark.parametrize("rule", [kept, anew, functional, Derived, Around])
def test_an_optimizer_of_torch_is_found_however_it_is_called(rule):
    found = torch_inside(Contender.load(rule, MOMENTUM))
    assert found.name == "torch.optim.SGD"
    assert found.is_new_each_time == (rule is anew)


@pytest.mark.parametrize("rule", [Own, by_hand, "scratch.sgd_momentum", "torch.optim.SGD"])
def test_none_is_found_where_there_is_none(rule):
    found = torch_inside(Contender.load(rule, MOMENTUM))
    assert found.name == "" and not found.is_new_each_time


def test_a_profile_that_is_in_use_goes_on():
    def profile(*_):
        pass

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        torch_inside(Contender.load(kept, MOMENTUM))
        assert sys.getprofile() is profile
    finally:
        sys.setprofile(before)


def test_the_report_says_it_and_a_new_one_each_time_is_the_hint():
    report = descent.check(anew, torch.optim.SGD, **MOMENTUM, iterations=20)
    assert report.hints == [
        "the rule makes a new torch.optim.SGD in every call, which remembers nothing of the calls "
        "before; keep one in `state`"
    ]
    assert "torch.optim.SGD takes the steps of this rule" in report.remarks
    assert "takes the steps" not in str(
        descent.check(by_hand, torch.optim.SGD, **MOMENTUM, iterations=20)
    )


def test_a_check_can_be_profiled():
    profiler = cProfile.Profile()
    report = profiler.runcall(descent.check, kept, torch.optim.SGD, iterations=20, **MOMENTUM)
    assert report.verdict == "the same rule at constant hyperparameters"
