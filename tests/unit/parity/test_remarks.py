"""Remarks: how a rule is called, gradients that vanish, and gradients that a class changes."""

import pandas as pd
import pytest
import torch

from descent.parity import remarks
from descent.parity.contender import Contender


class Decays(torch.optim.Optimizer):
    """Add the weight decay to p.grad itself, as older classes do."""

    def __init__(self, params, lr=0.1, weight_decay=0.0):
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if group["weight_decay"]:
                    p.grad.add_(p, alpha=group["weight_decay"])
                p.sub_(group["lr"] * p.grad)


class Plain(Decays):
    """Leave p.grad alone."""

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.sub_(group["lr"] * (p.grad + group["weight_decay"] * p))


@pytest.mark.parametrize(("rule", "n"), [(Decays, 1), (Plain, 0), (torch.optim.SGD, 0)])
def test_gradients_that_change_with_some_option(rule, n):
    found = remarks.of_gradients(Contender.load(rule, {"lr": 0.1}))
    assert len(found) == n and all("it changes p.grad" in remark for remark in found)


def test_the_form_of_a_rule():
    def sgd(params, learning_rate):
        for p in params:
            p.data -= learning_rate * p.grad

    [found] = remarks.of_form(Contender.load(sgd, {"lr": 0.1}))
    assert found.startswith("taken as a list of parameters, with gradients in .grad; learning_rate")
    assert remarks.of_form(Contender.load("scratch.sgd", {"lr": 0.1})) == []


def test_vanished_gradients():
    trace = pd.DataFrame({"iteration": [1, 1, 2, 3], "vanished": [True, True, False, True]})
    [found] = remarks.of_training(trace, 3)
    assert found.startswith("the gradients of training vanished in 2 of 3 iterations")
    assert remarks.of_training(trace[~trace["vanished"]], 3) == []
