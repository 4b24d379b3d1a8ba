"""Optimizers given as objects: their hyperparameters, and what is no optimizer."""

from functools import partial

import pytest
import torch

from descent.errors import SignatureError
from descent.optimizers.objects import check_object, unwrap


def rule(parameters, gradients, state, *, lr, momentum=0.9):
    """Take no step."""


class Mine(torch.optim.SGD):
    """A class with a signature of its own."""

    def __init__(self, params, lr, extra=1):
        super().__init__(params, lr)


def tensor():
    return torch.zeros(2, requires_grad=True)


@pytest.mark.parametrize(
    ("thing", "found", "settings"),
    [
        (rule, rule, {}),
        (torch.optim.Adam, torch.optim.Adam, {}),
        (partial(rule, lr=0.1), rule, {"lr": 0.1}),
        (partial(partial(rule, lr=0.1, momentum=0), lr=0.2), rule, {"lr": 0.2, "momentum": 0}),
        (partial(torch.optim.SGD, lr=0.3), torch.optim.SGD, {"lr": 0.3}),
        (Mine([tensor()], 0.5), Mine, {"lr": 0.5}),
    ],
)
def test_what_an_object_is(thing, found, settings):
    assert unwrap(thing) == (found, settings)


def test_an_instance_gives_its_hyperparameters():
    optimizer = torch.optim.Adam([tensor()], lr=0.1, betas=(0.8, 0.9), amsgrad=True)
    found, settings = unwrap(optimizer)
    assert found is torch.optim.Adam and "params" not in settings
    assert (settings["lr"], settings["betas"], settings["amsgrad"]) == (0.1, (0.8, 0.9), True)
    found([tensor()], **settings)


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (3, "3 is no optimizer; give a function"),
        (None, "None is no optimizer"),
        (partial(rule, []), "give hyperparameters to functools.partial by name"),
        (
            torch.optim.SGD([{"params": [tensor()]}, {"params": [tensor()]}], lr=0.1),
            "SGD: it has 2 groups of parameters; check its class",
        ),
    ],
)
def test_what_is_no_optimizer(thing, said):
    with pytest.raises(SignatureError, match=said.replace("(", r"\(")):
        unwrap(thing)


@pytest.mark.parametrize(
    ("thing", "given", "said"),
    [
        (rule, {"lr", "nesterov"}, "nesterov: rule takes no nesterov here; it takes lr, momentum"),
        (rule, set(), "lr: missing; rule needs it"),
        (Mine, set(), "lr: missing; Mine needs it"),
        (Mine, {"lr", "eps"}, "eps: Mine takes no eps here; it takes lr, extra"),
        (lambda a, b: None, set(), r"must begin with \(parameters, gradients, state\)"),
    ],
)
def test_names_are_those_of_the_signature(thing, given, said):
    with pytest.raises(SignatureError, match=said):
        check_object(thing, given)


def test_keywords_of_any_name_are_taken():
    check_object(lambda p, g, s, **settings: None, {"anything"})
