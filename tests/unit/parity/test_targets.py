"""What a shadow looks at: parameters by name, and the hyperparameters in force."""

import pytest
import torch

from descent.errors import DescentError, UsageError
from descent.parity.targets import OfOptimizer, OfParameters

W, B = torch.ones(2, requires_grad=True), torch.zeros(3, requires_grad=True)


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"w": W, 1: B}, ["w", "1"]),
        ([W, B], ["parameters[0]", "parameters[1]"]),
        (iter([W, B]), ["parameters[0]", "parameters[1]"]),
        (torch.nn.Linear(2, 3), ["weight", "bias"]),
    ],
)
def test_names_of_parameters(parameters, names):
    target = OfParameters(parameters, "scratch.sgd", {"lr": 0.1})
    assert [list(group) for group in target.find()] == [names]
    assert [list(group) for group in target.find()] == [names]


def test_parameters_are_looked_up_each_time():
    parameters = {"w": W}
    target = OfParameters(parameters, "scratch.sgd", {"lr": 0.1})
    parameters["w"] = B
    assert target.find()[0]["w"] is B


def test_the_learning_rate_in_force():
    optimizer = torch.optim.SGD([W, B], lr=0.5)
    target = OfParameters([W], "scratch.sgd", {"lr": optimizer})
    assert target.settings(0) == [{"lr": 0.5}]
    optimizer.param_groups[0]["lr"] = torch.tensor(0.25)
    assert target.settings(1) == [{"lr": 0.25}]
    optimizer.add_param_group({"params": [torch.ones(1)], "lr": 1.0})
    with pytest.raises(UsageError, match=r"have several; use descent.shadow\(optimizer\)"):
        target.settings(2)
    target = OfParameters([W], "scratch.sgd", {"lr": lambda step: 1 / (step + 1)})
    assert [target.settings(step)[0]["lr"] for step in (0, 1)] == [1, 0.5]


def test_groups_of_an_optimizer():
    groups = [{"params": [W], "lr": 0.1}, {"params": [B], "betas": (0.5, torch.tensor(0.75))}]
    optimizer = torch.optim.AdamW(groups, lr=0.2, fused=False, foreach=True)
    torch.optim.lr_scheduler.StepLR(optimizer, 1)  # leaves initial_lr in the groups
    target = OfOptimizer(optimizer, None, {})
    first, second = target.settings(0)
    assert (first["lr"], second["lr"], second["betas"]) == (0.1, 0.2, (0.5, 0.75))
    assert first["foreach"] is False and first["fused"] is False
    assert not {"initial_lr", "params", "decoupled_weight_decay"} & first.keys()
    assert [list(group) for group in target.find()] == [
        ["param_groups[0][0]"],
        ["param_groups[1][0]"],
    ]


def test_another_reference_takes_what_it_knows():
    optimizer = torch.optim.AdamW([W, B], lr=0.1, weight_decay=0.5)
    assert OfOptimizer(optimizer, "scratch.adamw", {}).settings(0)[0]["weight_decay"] == 0.5
    assert OfOptimizer(optimizer, torch.optim.Adam, {}).settings(0)[0]["weight_decay"] == 0.5
    given = OfOptimizer(optimizer, "scratch.sgd", {"lr": 7})
    assert given.settings(0) == [{"lr": 7}]
    assert [list(group) for group in given.find()] == [["params[0]", "params[1]"]]


def test_what_cannot_be_used():
    with pytest.raises(UsageError, match="parameters: a model, a dict or list of tensors, or an"):
        OfParameters(3, "scratch.sgd", {"lr": 0.1})
    with pytest.raises(UsageError, match="lr: a number, a function of the step, or an optimizer"):
        OfParameters([W], "scratch.sgd", {"lr": "fast"})
    with pytest.raises(DescentError, match=r"scratch.sdg is unknown"):
        OfOptimizer(torch.optim.SGD([W], lr=1), "scratch.sdg", {})
    with pytest.raises(DescentError, match="momentun"):
        OfOptimizer(torch.optim.SGD([W], lr=1), None, {"momentun": 1})
