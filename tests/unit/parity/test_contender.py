"""A contender: an optimizer with hyperparameters, bound to stacks of one network."""

import pytest
import torch

from descent.errors import RuleError
from descent.parity.contender import Contender


def rule(parameters, gradients, state, *, lr=0.5, betas=(0.9, 0.99), seen=None):
    """Remember what it is called with."""
    if seen is not None:
        seen.append((lr, betas, [p.shape for p in parameters]))
    for p, g in zip(parameters, gradients, strict=True):
        if g is not None:
            p.sub_(lr * g)


def stack(*shapes):
    return [torch.ones(1, *shape).requires_grad_() for shape in shapes]


def test_it_gets_one_network_of_any_shape_and_changes_the_stack():
    seen, parameters = [], stack((), (2,), (2, 3, 1, 1))
    step = Contender("rule", {"seen": seen}, rule).make(parameters)
    step([torch.ones(1), None, torch.ones(1, 2, 3, 1, 1)])
    assert seen == [(0.5, (0.9, 0.99), [(), (2,), (2, 3, 1, 1)])]
    assert [p.detach().unique().tolist() for p in parameters] == [[0.5], [1], [0.5]]


def test_changes_are_factors_of_its_own_values():
    seen = []
    step = Contender("rule", {"seen": seen, "lr": 0.2}, rule).make(stack((2,)))
    step([torch.ones(1, 2)], lr=0.5, betas=0.5)
    step([torch.ones(1, 2)], lr=0.5)
    assert [lr for lr, *_ in seen] == [0.1, 0.1]
    assert seen[0][1] == (0.45, 0.495)


def test_a_class_gets_factors_too():
    contender = Contender.load("torch.optim.Adam", {"lr": 0.2})
    step = contender.make(stack((2,)))
    step([torch.ones(1, 2)], lr=0.5, betas=0.5)
    [group] = step.hyperparameters()
    assert group["lr"] == 0.1 and group["betas"] == (0.45, 0.4995)


def test_values_are_given_ones_or_defaults():
    contender = Contender("rule", {"lr": 1}, rule)
    assert contender.values == {"lr": 1, "betas": (0.9, 0.99), "seen": None}
    other = contender.changed({"betas": (0, 0)})
    assert other.values["betas"] == (0, 0) and other.values["lr"] == 1
    assert contender.settings == {"lr": 1}


def test_kinds():
    assert Contender.load("torch.optim.SGD", {"lr": 1}).is_class
    assert not Contender.load("scratch.sgd", {"lr": 1}).is_class


def test_of_a_users_file(tmp_path):
    file = tmp_path / "own.py"
    file.write_text("def rule(w, gradients, state, *, lr):\n    raise ValueError('no')\n")
    step = Contender.load(f"{file}:rule", {"lr": 1}).make(stack((2,)))
    with pytest.raises(RuleError, match="line 2: ValueError: no"):
        step([torch.ones(1, 2)])
    with pytest.raises(RuleError, match="line 1"):
        file.write_text("def rule(:\n")
        Contender.load(f"{file}:rule", {})


def test_two_bindings_share_nothing():
    contender = Contender.load("torch.optim.SGD", {"lr": 1, "momentum": 0.9})
    ends = []
    for _ in range(2):
        parameters = stack((2,))
        step = contender.make(parameters)
        step([torch.ones(1, 2)])
        step([torch.ones(1, 2)])
        ends.append(parameters[0].detach())
    assert torch.equal(*ends)


def test_a_constant_in_a_file_is_as_exact_as_a_number(tmp_path):
    file = tmp_path / "rules.py"
    file.write_text(
        "import torch\n\nBETA = torch.tensor(0.9)\n\n\n"
        "def rule(parameters, gradients, state, *, lr):\n    pass\n"
    )
    rule = Contender.load(f"{file}:rule", {"lr": 0.1}).rule
    assert rule.__globals__["BETA"].item() == 0.9
    assert torch.get_default_dtype() == torch.float32
